"""Acme's calls for Callcenter."""
