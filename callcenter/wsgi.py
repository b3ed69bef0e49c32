"""The WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callcenter.settings")
application = get_wsgi_application()

# Here and not in an app's `ready`, which every command runs. Gunicorn imports this in each of its processes.
from callcenter import lookout  # noqa: E402

lookout.start()
