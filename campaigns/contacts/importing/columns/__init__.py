"""What the columns, sheets and title rows of a file mean."""
