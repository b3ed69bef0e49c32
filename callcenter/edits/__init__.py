"""No save undoes another's: what a page showed, what was typed and what is stored now are joined field by field."""
