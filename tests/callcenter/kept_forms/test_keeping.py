"""Whose form is kept and whose never is; how long, how much, and what leads where."""

from __future__ import annotations

import datetime
import time
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core import signing
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from callcenter.access.models import KeptForm
from callcenter.access.rights import ADMIN, CALLER
from callcenter.kept_forms import keeping, logins
from callcenter.kept_forms.middleware import COOKIE
from campaigns import minute_job
from tests.answers import text_of
from tests.callcenter.kept_forms.tab import PASSWORD, Tab, field_of, form_in
from tests.conftest import make_call, make_contact, make_person
from tests.end_to_end.browser import Form

pytestmark = pytest.mark.django_db


def kept_after(tab: Tab, *, cookies: dict[str, str] | None = None, **options: Any) -> Any:
    """Send a person's form after the session ended, with these cookies instead; returns the answer."""
    contact = make_contact(name="Ann")
    page = reverse("person-edit", args=[contact.pk])
    form = tab.form(page, "name")
    tab.end_session()
    for name, value in (cookies or {}).items():
        tab.client.cookies[name] = value
    return tab.post(form, page, **{"name": "Anne"} | options)


def test_another_user_never_sees_it(tab: Tab, caller: User) -> None:
    answer = kept_after(tab)
    assert KeptForm.objects.get().user == tab.person
    caller.set_password(PASSWORD)
    caller.save()
    page = answer.url.partition("next=")[2].replace("%2F", "/")
    tab.log_in(answer.url, caller)
    shown = tab.get(page)
    assert field_of(shown, "name") == ["Ann"]
    assert "What you entered is still here. Nothing was sent yet." not in text_of(shown)
    # Nor can another discard it.
    form = form_in(shown, "name")
    form.action = reverse("kept-form-discard", args=[KeptForm.objects.get().pk])
    tab.post(form, page)
    assert KeptForm.objects.count() == 1


def test_a_form_of_one_user_is_not_sent_for_another(tab: Tab, caller: User) -> None:
    contact = make_contact(name="Ann")
    page = reverse("person-edit", args=[contact.pk])
    form = tab.form(page, "name")
    tab.end_session()
    caller.set_password(PASSWORD)
    caller.save()
    tab.log_in(person=caller)
    answer = tab.post(form, page, name="Anne")
    assert answer.status_code == 403
    assert KeptForm.objects.get().user == tab.person
    assert field_of(tab.get(page), "name") == ["Ann"]


@pytest.mark.parametrize(
    "spoil",
    ["", "x", "x:y:z", "another user", "long ago"],
)
def test_without_the_proof_of_a_log_in_nothing_is_kept(tab: Tab, caller: User, spoil: str) -> None:
    name = logins.cookie_name()
    (login,) = signing.loads(tab.client.cookies[name].value, salt=logins.SALT)
    long_ago = int(time.time()) - 12 * 3600 - logins.ENDED_WITHIN - 60
    value = {
        "another user": signing.dumps([[caller.pk, *login[1:]]], salt="of mine"),
        "long ago": signing.dumps([[*login[:2], long_ago]], salt=logins.SALT),
    }.get(spoil, spoil)
    answer = kept_after(tab, cookies={name: value})
    assert answer.url.startswith("/login/?next=")
    assert not KeptForm.objects.exists()


def test_a_session_that_ended_some_hours_ago_still_counts(tab: Tab) -> None:
    name = logins.cookie_name()
    (login,) = signing.loads(tab.client.cookies[name].value, salt=logins.SALT)
    at_six = int(time.time()) - 12 * 3600 - logins.ENDED_WITHIN + 600
    kept_after(tab, cookies={name: signing.dumps([[*login[:2], at_six]], salt=logins.SALT)})
    assert KeptForm.objects.count() == 1


def test_another_sites_form_is_never_kept(tab: Tab) -> None:
    contact = make_contact(name="Ann")
    page = reverse("person-edit", args=[contact.pk])
    form = tab.form(page, "name")
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ):
        for is_over in (False, True):
            if is_over:
                tab.end_session()
            tab.post(form, page, headers, name="Evil", csrfmiddlewaretoken="x" * 64)
            if is_over:
                tab.post(form, page, headers, name="Evil")
            tab.client.post(page, {"name": "Evil"}, headers=headers)
        tab.log_in()
    tab.end_session()
    del tab.client.cookies[logins.cookie_name()]
    tab.post(form, page, name="Evil")
    assert not KeptForm.objects.exists()
    contact.refresh_from_db()
    assert contact.name == "Ann"


def test_a_form_that_is_too_long_is_not_kept_and_says_so(tab: Tab) -> None:
    answer = kept_after(tab, variables="x" * keeping.MOST_BYTES)
    assert answer.status_code == 413
    assert "too long to be saved" in text_of(answer)
    assert not KeptForm.objects.exists()
    contact = make_contact()
    page = reverse("person-edit", args=[contact.pk])
    tab.log_in()
    form = tab.form(page, "name")
    tab.end_session()
    asks = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"}
    answer = tab.post(form, page, asks, variables="ب" * (keeping.MOST_BYTES // 2))
    assert answer.url.startswith("/login/"), "the page's script stays where it is"


def test_after_an_hour_it_is_gone(tab: Tab) -> None:
    answer = kept_after(tab)
    old = timezone.now() - datetime.timedelta(hours=1, seconds=1)
    KeptForm.objects.update(kept_at=old)
    back = tab.follow(answer)
    assert field_of(back, "name") == ["Ann"]
    fresh = KeptForm.objects.create(user=tab.person, page="/", action="/", why="again", sealed="x")
    minute_job.sweep()
    assert list(KeptForm.objects.all()) == [fresh]


def test_what_nobody_can_open_is_not_shown(tab: Tab, settings: Any) -> None:
    answer = kept_after(tab)
    kept = KeptForm.objects.get()
    assert "Anne" not in kept.sealed
    KeptForm.objects.update(sealed=kept.sealed[:-6] + "AAAAA=")
    assert field_of(tab.follow(answer), "name") == ["Ann"]


def test_only_the_newest_few_are_kept(tab: Tab) -> None:
    page = reverse("person-edit", args=[make_contact(name="Ann").pk])
    form = tab.form(page, "name")
    tab.end_session()
    for place in range(keeping.MOST_FORMS + 3):
        tab.post(form, f"{page}?{place}", name=f"Ann {place}")
    assert KeptForm.objects.count() == keeping.MOST_FORMS


def test_it_can_be_discarded(tab: Tab) -> None:
    back = tab.follow(kept_after(tab))
    page = back.request["PATH_INFO"]
    answer = tab.post(form_in(back, "next", "discard/"), page)
    assert answer.url == page
    assert field_of(tab.get(page), "name") == ["Ann"]
    assert not KeptForm.objects.exists()


def test_a_user_who_is_switched_off_has_nothing_kept(tab: Tab) -> None:
    User.objects.filter(pk=tab.person.pk).update(is_active=False)
    contact = make_contact()
    tab2 = Tab(make_person(CALLER))
    assert contact.pk
    assert tab2.log_in().status_code == 302
    User.objects.filter(pk=tab2.person.pk).update(is_active=False)
    form = Form("/people/1/edit/")
    form.fields = [("csrfmiddlewaretoken", tab2.client.cookies["csrftoken"].value), ("name", "x")]
    tab2.post(form, "/people/1/edit/")
    assert not KeptForm.objects.exists()


@pytest.mark.parametrize(
    ("told", "page"),
    [
        ("https://evil.example/people/", "/people/1/note/"),
        ("//evil.example/people/", "/people/1/note/"),
        ("http://testserver//evil.example/", "/people/1/note/"),
        ("http://testserver/\\evil.example/", "/people/1/note/"),
        ("javascript:alert(1)", "/people/1/note/"),
        ("http://testserver/people/?q=a&page=2", "/people/?q=a&page=2"),
        ("", "/people/1/note/"),
        ("http://testserver/" + "x" * 3000, "/people/1/note/"),
    ],
)
def test_the_way_back_leads_nowhere_else(rf: RequestFactory, told: str, page: str) -> None:
    for name in ("Referer", "HX-Current-URL"):
        assert keeping.page_of(rf.post("/people/1/note/", headers={name: told})) == page


def test_where_the_form_is_gone_what_was_typed_can_be_copied(tab: Tab) -> None:
    call = make_call(owner=tab.person, status="completed")
    page = reverse("call", args=[call.pk])
    form = tab.form(page, "text", "notes/")
    tab.end_session()
    answer = tab.post(form, page, text="They moved to Shiraz")
    tab.person.groups.clear()
    tab.person.groups.add(*make_person(ADMIN).groups.all())
    back = tab.follow(answer)
    assert "This page no longer has the form. Copy what you need." in text_of(back)
    assert "They moved to Shiraz" in text_of(back)


def test_most_pages_ask_nothing_for_it(tab: Tab) -> None:
    assert COOKIE not in tab.client.cookies
    page = reverse("people")
    tab.get(page)
    with CaptureQueriesContext(connection) as asked:
        tab.get(page)
    assert not [query for query in asked if "keptform" in query["sql"]]


def test_no_page_of_set_up_lists_kept_forms() -> None:
    assert KeptForm not in admin.site._registry
