"""URLs of notices."""

from __future__ import annotations

from django.urls import path

from campaigns.notices.views import inbox, settings

urlpatterns = [
    path("notices/", inbox.notices, name="notices"),
    path("notices/new/", inbox.new_notices, name="notices-new"),
    path("notices/read/", inbox.read_all, name="notices-read"),
    path("notices/<int:pk>/open/", inbox.open_notice, name="notice-open"),
    path("preferences/notices/", settings.notice_settings, name="notice-settings"),
    path("preferences/notices/chat/", settings.chat_address, name="notice-chat"),
    path("preferences/notices/chat/remove/", settings.chat_removed, name="notice-chat-remove"),
    path("preferences/notices/test/", settings.test_message, name="notice-test"),
    path("preferences/notices/digest/<slug:period>/", settings.digest_preview, name="digest-preview"),
]
