"""Sign-in, over django-allauth: passwords, second factors, invitations, OpenID Connect, and limits on guessing."""
