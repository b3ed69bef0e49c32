"""URLs of stop-all, and of acts that take two people."""

from __future__ import annotations

from django.urls import path

from campaigns.core.views import holidays, stop_all, two_people

urlpatterns = [
    path("stop-all/", stop_all.press, name="stop-all"),
    path("stop-all/release/", stop_all.release, name="stop-all-release"),
    path("holidays/", holidays.holidays_page, name="holidays"),
    path("decisions/two-people/", two_people.requests_page, name="two-people"),
    path("decisions/two-people/<int:pk>/confirm/", two_people.confirm, name="two-people-confirm"),
    path("decisions/two-people/<int:pk>/refuse/", two_people.refuse, name="two-people-refuse"),
    path("decisions/two-people/<int:pk>/withdraw/", two_people.withdraw, name="two-people-withdraw"),
]
