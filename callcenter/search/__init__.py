"""Search over everything: people, calls, campaigns, lists, refused rows, providers, pages and help, in one box."""
