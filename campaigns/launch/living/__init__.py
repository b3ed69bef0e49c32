"""Campaigns that stay open: whoever joins their lists or tags is queued, within what was approved."""
