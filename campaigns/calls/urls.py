"""URLs of one call, the call log and Quick call."""

from __future__ import annotations

from django.urls import path

from campaigns.calls.views import call, call_log, hand_overs, hang_up, quick_call, recordings, remarks

urlpatterns = [
    path("quick-call/", quick_call.quick_call, name="quick-call"),
    path("quick-call/check/", quick_call.check, name="quick-call-check"),
    path("calls/", call_log.call_log, name="call-log"),
    path("calls/total/", call_log.call_log_total, name="call-log-total"),
    path("calls/filters/", call_log.save_filter, name="filter-save"),
    path("calls/filters/<int:pk>/delete/", call_log.delete_filter, name="filter-delete"),
    path("calls/<int:pk>/", call.call, name="call"),
    path("calls/<int:pk>/live/", call.call_live, name="call-live"),
    path("calls/<int:pk>/never-again/", call.never_again, name="call-never-again"),
    path("calls/<int:pk>/cancel/", call.cancel, name="call-cancel"),
    path("calls/<int:pk>/settle/", call.settle, name="call-settle"),
    path("calls/<int:pk>/opt-out/", call.decide_opt_out, name="call-opt-out"),
    path("calls/<int:pk>/again/", call.again, name="call-again"),
    path("calls/<int:pk>/handled/", call.handled, name="call-handled"),
    path("calls/<int:pk>/notes/", remarks.add_note, name="call-note"),
    path("calls/<int:pk>/tags/", remarks.add_tags, name="call-tag"),
    path("calls/<int:pk>/tags/<int:tag>/remove/", remarks.remove_tag, name="call-untag"),
    path("calls/<int:pk>/review/", remarks.review, name="call-review"),
    path("calls/<int:pk>/cancel-at-vendor/", hang_up.cancel_at_vendor, name="call-cancel-at-vendor"),
    path("calls/<int:pk>/hang-up/", hang_up.hang_up, name="call-hang-up"),
    path("hand-overs/<int:pk>/", hand_overs.hand_over, name="hand-over"),
    path("hand-overs/<int:pk>/done/", hand_overs.done, name="hand-over-done"),
    path("hand-overs/<int:pk>/drop/", hand_overs.drop, name="hand-over-drop"),
    path("calls/<int:pk>/player/", recordings.player, name="call-player"),
    path("calls/<int:pk>/recording/", recordings.recording, name="call-recording"),
]
