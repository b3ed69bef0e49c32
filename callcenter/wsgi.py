"""The WSGI application."""

import logging
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callcenter.settings")
application = get_wsgi_application()
logging.getLogger("callcenter").info("Callcenter %s: the web server starts.", settings.VERSION)
