"""Roles, rights and teams: who may do what."""
