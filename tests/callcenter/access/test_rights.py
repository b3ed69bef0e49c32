"""The one table of rights, and the pages that tell it: the guide in both languages says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.utils import translation
from django.utils.translation import gettext

from callcenter.access.own_roles import rights_of_roles
from callcenter.access.rights import RIGHTS, ROLES
from callcenter.help import pages

GUIDE = Path(settings.BASE_DIR) / "docs" / "guide"
ROW = re.compile(r"^\| (?P<label>.+?) \| (?P<marks>[✓–](?: \| [✓–]){2}) \|$", re.MULTILINE)


@pytest.mark.parametrize("language", ["en", "fa"])
def test_the_guide_tells_the_table_of_the_code(language: str) -> None:
    (page,) = GUIDE.glob(f"{language}/*-roles-and-teams.md")
    told = {found["label"]: found["marks"].split(" | ") for found in ROW.finditer(page.read_text(encoding="utf-8"))}
    with translation.override(language):
        table = {gettext(right.label): ["✓" if role in right.roles else "–" for role in ROLES] for right in RIGHTS}
    assert told == table, "Write the table of docs/guide anew: a right or a role changed."


@pytest.mark.django_db
def test_the_groups_have_the_rights_of_the_table_after_every_migration() -> None:
    for role in ROLES:
        assert rights_of_roles([Group.objects.get(name=role)]) == {
            right.code for right in RIGHTS if role in right.roles
        }


def test_every_page_that_names_the_table_leads_to_it() -> None:
    assert "roles-and-teams" in pages.slugs()
    for name in ("README.md", "SECURITY.md"):
        text = (Path(settings.BASE_DIR) / name).read_text(encoding="utf-8")
        assert "docs/guide/en/11-roles-and-teams.md" in text, name
