"""Screens of Today, of reports and of a campaign's people."""
