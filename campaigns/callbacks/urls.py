"""URLs of callbacks."""

from __future__ import annotations

from django.urls import path

from campaigns.callbacks.views import callbacks

urlpatterns = [
    path("calls/<int:pk>/callback/", callbacks.from_call, name="call-callback"),
    path("people/<int:pk>/callback/", callbacks.to_person, name="person-callback"),
    path("callbacks/<int:pk>/", callbacks.callback, name="callback"),
    path("callbacks/<int:pk>/take-back/", callbacks.take_back, name="callback-take-back"),
    path("callbacks/<int:pk>/noted/", callbacks.noted, name="callback-noted"),
]
