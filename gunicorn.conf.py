"""What gunicorn reads wherever it is started from this folder: by `manage.py up`, a container, systemd, or by hand."""

keepalive = 75
"""Seconds that an idle connection stays open. Longer than the proxy keeps its own (deploy/Caddyfile, 60 s), and than
live pages wait between two requests: with gunicorn's own 2 s they would meet one that is just being closed."""
