"""The API's addresses: the rooms' operations put together, the reference page, and the pages of keys."""
