"""Built-in roles are called in the reader's language wherever they are shown, others as they were written."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import translation

from callcenter.access.rights import ADMIN, CALLER, ROLES
from callcenter.access.role_words import role_in_words, roles_in_words
from callcenter.audit.models import record
from tests.answers import text_of
from tests.conftest import make_person


def test_built_in_roles_have_a_name_in_each_language() -> None:
    assert [role_in_words(name) for name in ROLES] == list(ROLES)
    with translation.override("fa"):
        assert not {role_in_words(name) for name in ROLES} & set(ROLES)
        assert roles_in_words("Listeners, Callers") == f"Listeners, {role_in_words('Callers')}"


@pytest.mark.django_db
def test_no_page_shows_a_built_in_role_in_english_to_a_persian_reader(client: Client) -> None:
    admin, caller = make_person(ADMIN), make_person(CALLER)
    own = Group.objects.create(name="Listeners")
    caller.groups.add(own)
    record(caller, "login.ended", caller)
    client.force_login(admin)
    client.cookies["django_language"] = "fa"
    with translation.override("fa"):
        caller_word, admin_word = role_in_words(CALLER), role_in_words(ADMIN)
    shown = {
        reverse("users"): (caller_word, "Listeners"),
        reverse("invite"): (caller_word, admin_word),
        reverse("audit"): (caller_word,),
        reverse("admin:auth_user_changelist"): (caller_word, admin_word, "Listeners"),
        reverse("admin:auth_user_change", args=[caller.pk]): (caller_word, admin_word, "Listeners"),
        reverse("admin:auth_group_changelist"): (caller_word, "Listeners"),
        reverse("admin:auth_group_change", args=[Group.objects.get(name=CALLER).pk]): (caller_word,),
    }
    for page, words in shown.items():
        text = text_of(client.get(page, follow=True))
        for word in words:
            assert word in text, (page, word)
        for english in ROLES:
            assert english not in text, (page, english)
