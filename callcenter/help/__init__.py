"""Help: the user's guide and the operators' pages of `docs/`, as searchable pages of the product."""
