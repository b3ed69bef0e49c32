"""Form fields shared by several rooms."""
