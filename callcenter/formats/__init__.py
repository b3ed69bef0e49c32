"""How dates, amounts and numbers are written for people: in one place, below every room."""
