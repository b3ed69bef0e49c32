"""The worker class of gunicorn: its loop receives whole requests, and only then does a thread take one up.

Gunicorn's own `gthread` gives a thread to a connection as soon as its first byte is there: eight requests that are half
sent hold eight threads, and with them everything. Here a connection costs a socket and its bytes until its request is
whole or too late, and what must be read while a thread works (an upload) has threads of its own, as have probes.
"""
