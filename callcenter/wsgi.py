"""The WSGI application."""

import logging
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callcenter.settings")
application = get_wsgi_application()
logging.getLogger("callcenter").info("Callcenter %s: the web server starts.", settings.VERSION)

# Here and not in an app's `ready`, which every command runs. Gunicorn imports this in each of its processes.
from callcenter import lookout  # noqa: E402

lookout.start()
