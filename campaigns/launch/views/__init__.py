"""Screens of campaigns: builder, launch check, campaign page, redial."""
