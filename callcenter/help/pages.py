"""Help pages: Markdown files of `docs/`, rendered once a process.

The user's guide is `docs/guide/<language>/NN-slug.md`; the operators' pages are `docs/slug.md` in English, with a
translation in `docs/<language>/slug.md` where there is one. The first line of a file is its title, `# Title`.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

DOCS = Path(settings.BASE_DIR) / "docs"
FALLBACK = "en"
_NUMBER = re.compile(r"^\d+-")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page under one heading; the first one stands under the title."""

    title: str
    anchor: str
    text: str


@dataclass(frozen=True)
class HelpPage:
    """One page in one language."""

    slug: str
    language: str
    is_for_operators: bool
    path: Path

    @cached_property
    def _tokens(self) -> list[Token]:
        source = _COMMENT.sub("", self.path.read_text(encoding="utf-8"))
        tokens = _markdown().parse(source)
        _set_anchors(tokens)
        return tokens

    @cached_property
    def title(self) -> str:
        """The page's first heading."""
        return self.sections[0].title or self.slug

    @cached_property
    def html(self) -> SafeString:
        """The page without its title, as HTML: raw HTML in the file is shown as text."""
        body = self._tokens[3:] if self._tokens and self._tokens[0].type == "heading_open" else self._tokens
        markdown = _markdown()
        # What the files of docs/ hold is our own, and Markdown was told to let no raw HTML through.
        rendered: str = markdown.renderer.render(body, markdown.options, {"page": self})
        return mark_safe(rendered)  # noqa: S308

    @cached_property
    def sections(self) -> Sequence[Section]:
        """The page's parts as plain text, for the search and the table of contents."""
        return list(_sections(self._tokens))


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")
    markdown.add_render_rule("link_open", _link_open)
    markdown.add_render_rule("image", _image)
    markdown.add_render_rule("table_open", lambda *_: '<div class="table-wrap"><table class="table">\n')
    markdown.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return markdown


def _link_open(self, tokens, index, options, env):  # type: ignore[no-untyped-def]  # the library's renderer rule
    """Turn a link to another file of docs/ into one to its help page; other addresses open beside."""
    token = tokens[index]
    address = urllib.parse.urlsplit(str(token.attrGet("href") or ""))
    if address.scheme:
        token.attrSet("rel", "noopener noreferrer")
        token.attrSet("target", "_blank")
    elif address.path.endswith(".md"):
        slug = _NUMBER.sub("", Path(address.path).stem)
        known = slug in slugs()
        token.attrSet("href", reverse("help-page", args=[slug]) + (f"#{address.fragment}" if address.fragment else ""))
        if not known:
            # A file of the project that is no page here, such as CHANGELOG.md: its name stays, without a way.
            token.attrs.pop("href")
    return self.renderToken(tokens, index, options, env)


def _image(self, tokens, index, options, env):  # type: ignore[no-untyped-def]  # the library's renderer rule
    """Serve a picture of `static/help/<language>/`, whose path stands in the file as on the disk."""
    token = tokens[index]
    name = Path(str(token.attrGet("src") or "")).name
    token.attrSet("src", static(f"help/{env['page'].language}/{name}"))
    token.attrSet("loading", "lazy")
    token.attrSet("alt", self.renderInlineAsText(token.children or [], options, env))
    return self.renderToken(tokens, index, options, env)


def _set_anchors(tokens: list[Token]) -> None:
    taken: set[str] = set()
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            anchor = slugify(inline.content, allow_unicode=True) or "part"
            while anchor in taken:
                anchor += "-2"
            taken.add(anchor)
            opening.attrSet("id", anchor)


def _sections(tokens: Sequence[Token]) -> Iterator[Section]:
    title = anchor = ""
    text: list[str] = []
    is_heading = False
    for token in tokens:
        if token.type == "heading_open" and token.tag in {"h1", "h2"}:
            if title or text:
                yield Section(title, anchor, " ".join(text))
            anchor, text, is_heading = str(token.attrGet("id") or ""), [], True
        elif token.type == "inline":
            words = "".join(_words(token.children or []))
            if is_heading:
                title, is_heading = words, False
            else:
                text.append(words)
        elif token.type in {"fence", "code_block"}:
            text.append(token.content)
    yield Section(title, anchor, " ".join(text))


def _words(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "image":
            yield from _words(token.children or [])
        elif token.type in {"softbreak", "hardbreak"}:
            yield " "
        else:
            yield token.content


# Which pages there are


@cache
def guide(language: str) -> Sequence[HelpPage]:
    """Return the user's guide in a language, in reading order; in English where it is not translated."""
    folder = DOCS / "guide" / language
    if not folder.is_dir():
        language, folder = FALLBACK, DOCS / "guide" / FALLBACK
    return [HelpPage(_NUMBER.sub("", path.stem), language, False, path) for path in sorted(folder.glob("*.md"))]


@cache
def operators(language: str) -> Sequence[HelpPage]:
    """Return the operators' pages by name, each in this language where it is translated, else in English."""
    found = []
    for path in sorted(DOCS.glob("*.md")):
        translated = DOCS / language / path.name
        is_translated = language != FALLBACK and translated.is_file()
        found.append(
            HelpPage(path.stem, language if is_translated else FALLBACK, True, translated if is_translated else path)
        )
    return found


@cache
def slugs() -> frozenset[str]:
    """Return the slugs of all pages."""
    return frozenset(page.slug for page in [*guide(FALLBACK), *operators(FALLBACK)])


def find_page(slug: str, language: str) -> HelpPage | None:
    """Return a page by its slug, in this language where it is translated."""
    return next((page for page in [*guide(language), *operators(language)] if page.slug == slug), None)
