"""Help: pages in both languages, links that lead on, a search that finds, ways from where people get stuck."""

from __future__ import annotations

import gettext
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from callcenter.access.rights import ADMIN, CALLER
from callcenter.help import pages, searching
from tests.conftest import make_person

TEMPLATES = Path(settings.BASE_DIR) / "templates"
LANGUAGES = ("en", "fa")
ABOUT = re.compile(r'_help\.html" with about="([^"]+)"')


class Links(HTMLParser):
    """Collects the addresses, anchors and pictures of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.anchors: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag points at."""
        found = dict(attrs)
        if tag == "a" and found.get("href"):
            self.hrefs.append(str(found["href"]))
        if tag == "img":
            self.pictures.append(found)
        if found.get("id"):
            self.anchors.add(str(found["id"]))


def all_pages() -> list[pages.HelpPage]:
    return [page for language in LANGUAGES for page in [*pages.guide(language), *pages.operators(language)]]


def test_the_guide_is_whole_in_both_languages() -> None:
    english, persian = ([page.slug for page in pages.guide(language)] for language in LANGUAGES)
    assert english
    assert english == persian
    for one, other in zip(pages.guide("en"), pages.guide("fa"), strict=True):
        assert len(one.sections) == len(other.sections), f"{one.slug}: the same parts in both languages"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.django_db
def test_every_page_opens_and_every_link_leads_on(client: Client, language: str) -> None:
    client.force_login(make_person(ADMIN))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    listed = Links(client.get(reverse("help")).content.decode()).hrefs
    for page in [*pages.guide(language), *pages.operators(language)]:
        address = reverse("help-page", args=[page.slug])
        assert address in listed
        answer = client.get(address)
        assert answer.status_code == 200
        assert page.title in answer.content.decode()
        found = Links(str(page.html))
        for href in found.hrefs:
            path, _hash, anchor = href.partition("#")
            if path.startswith("/help/"):
                other = pages.find_page(path.strip("/").rpartition("/")[2], language)
                assert other is not None, f"{page.path}: {href}"
                assert not anchor or anchor in Links(str(other.html)).anchors, f"{page.path}: {href}"
            else:
                assert href.startswith(("https://", "#", "http://localhost", "http://127.0.0.1")), (
                    f"{page.path}: {href}"
                )
        for picture in found.pictures:
            name = str(picture["src"]).removeprefix(settings.STATIC_URL)
            assert finders.find(name), f"{page.path}: {name}"
            assert picture["alt"], f"{page.path}: {name} says nothing to those who do not see it"


@pytest.mark.django_db
def test_whoever_is_not_logged_in_is_led_to_the_log_in(client: Client) -> None:
    assert client.get(reverse("help")).status_code == 302
    assert client.get(reverse("help-page", args=["first-steps"])).status_code == 302


@pytest.mark.django_db
def test_callers_see_the_guide_only_and_an_unknown_page_is_not_found(client: Client) -> None:
    client.force_login(make_person(CALLER))
    text = client.get(reverse("help")).content.decode()
    assert "First steps" in text
    assert "For admins" not in text
    assert client.get(reverse("help-page", args=["no-such-page"])).status_code == 404


def test_what_a_file_holds_is_never_raw_html(tmp_path: Path) -> None:
    path = tmp_path / "evil.md"
    path.write_text("# Title\n\n<script>alert(1)</script> [x](javascript:alert(1)) <!-- gone -->\n")
    html = str(pages.HelpPage("evil", "en", False, path).html)
    assert "<script" not in html
    assert "javascript:" not in Links(html).hrefs
    assert "gone" not in html


@pytest.mark.parametrize(
    ("language", "asked", "slug"),
    [
        ("en", "pressing TWICE", "first-steps"),
        ("en", "STOP button", "first-steps"),
        ("fa", "توقف همه", "first-steps"),
        ("fa", "شماره ي تماس"[:5], "first-steps"),
        ("fa", "گذرواژه اي", "first-steps"),
    ],
)
def test_the_search_finds_words_in_any_case_and_with_any_keyboard(language: str, asked: str, slug: str) -> None:
    assert slug in [hit.page.slug for hit in searching.find(pages.guide(language), asked)]


def test_a_title_goes_before_a_mention_and_all_words_must_occur(tmp_path: Path) -> None:
    written = {
        "mention": "# One\n\nA word about imports.\n",
        "title": "# Two\n\n## Imports\n\nText.\n",
        "none": "# Three\n",
    }
    made = []
    for slug, text in written.items():
        (tmp_path / f"{slug}.md").write_text(text)
        made.append(pages.HelpPage(slug, "en", False, tmp_path / f"{slug}.md"))
    assert [hit.page.slug for hit in searching.find(made, "import")] == ["title", "mention"]
    assert searching.find(made, "import zebra") == []
    assert searching.find(made, "  ?! ") == []
    (hit,) = searching.find(made, "word imports")
    assert hit.before + hit.word + hit.after == "A word about imports."


@pytest.mark.django_db
def test_the_search_shows_the_text_around_and_escapes_it(client: Client, manager: User) -> None:
    client.force_login(manager)
    text = client.get(reverse("help"), {"q": "twice"}).content.decode()
    assert "<mark>twice</mark>" in text
    nothing = client.get(reverse("help"), {"q": "<b>zebra"}).content.decode()
    assert "Nothing found" in nothing
    assert "<b>zebra" not in nothing


def test_every_way_to_the_help_leads_to_a_page_of_the_guide() -> None:
    asked = {
        (path.relative_to(TEMPLATES).as_posix(), slug)
        for path in TEMPLATES.rglob("*.html")
        for slug in ABOUT.findall(path.read_text())
        if path.name != "_help.html"
    }
    known = {page.slug for page in pages.guide("en")}
    assert {slug for _path, slug in asked} <= known, sorted(asked)


def labels() -> dict[str, set[str]]:
    """Return the sentences of the screens by language."""
    catalogue = gettext.GNUTranslations(
        (Path(settings.BASE_DIR) / "locale/fa/LC_MESSAGES/django.mo").open("rb")
    )._catalog  # type: ignore[attr-defined]
    english = {str(key[0] if isinstance(key, tuple) else key).rpartition("\x04")[2] for key in catalogue}
    return {"en": english, "fa": {str(word) for word in catalogue.values()}}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_guide_calls_a_label_stands_on_a_screen(language: str) -> None:
    known = labels()[language]
    named = {
        (page.slug, word)
        for page in pages.guide(language)
        for word in re.findall(r"\*\*(.+?)\*\*", page.path.read_text())
    }
    assert len(named) > 30
    assert [one for one in sorted(named) if one[1] not in known] == []


def test_translated_pages_for_admins_say_the_same_and_run_the_same() -> None:
    english = {page.slug: page for page in pages.operators("en")}
    made = {page.slug for page in pages.operators("fa") if page.language == "fa"}
    # The settings are made from .env.example, and what was run is written by a program.
    assert english.keys() - made <= {"settings", "full-run"}
    for page in pages.operators("fa"):
        other = english[page.slug]
        assert len(page.sections) == len(other.sections), page.path
        blocks = [re.findall(r"^```.*?^```$", one.path.read_text(), re.M | re.S) for one in (page, other)]
        assert blocks[0] == blocks[1], page.path
