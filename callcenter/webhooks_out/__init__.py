"""Webhooks that we send: other programs hear what happens here, signed, at least once, in the name of an owner."""
