"""Campaigns: written, checked, launched, paused, ended."""
