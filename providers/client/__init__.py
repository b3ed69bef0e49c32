"""The one way to the network: `requests` is the vocabulary, libcurl the wire."""
