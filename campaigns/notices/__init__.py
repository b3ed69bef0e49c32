"""Notices: who is told what, how, and when; the inbox, mails, chat messages and digests."""
