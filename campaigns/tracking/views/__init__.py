"""The address of vendors' webhooks, and the screen of vendor calls that match no call of ours."""
