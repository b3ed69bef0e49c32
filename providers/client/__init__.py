"""The HTTP client, the only way to the network: the types of `requests`, sent by libcurl.

Nothing here knows an account, a database row or a setting.
"""
