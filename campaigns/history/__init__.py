"""A made-up past of months for trying speed and reports: people, lists, campaigns and what came of every call."""
