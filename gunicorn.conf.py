"""What gunicorn reads wherever it is started from this folder: by `manage.py up`, a container, systemd, or by hand."""

worker_class = "callcenter.web_worker.loop.WholeRequestWorker"
threads = 8
"""Threads for pages in each process; uploads and probes have threads of their own beside them."""
worker_connections = 512
"""Connections of a process at once, far below the number of files that a process may have open."""
keepalive = 75
"""Seconds that an idle connection stays open. Longer than the proxy keeps its own (deploy/Caddyfile, 60 s), and than
live pages wait between two requests: with gunicorn's own 2 s they would meet one that is just being closed."""
sendfile = False
"""The system would send a file for as long as a slow reader likes."""
