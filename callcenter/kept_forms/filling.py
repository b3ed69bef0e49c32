"""Fills the forms of a finished page with kept fields: every form alike, Set-up's too, and without JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

from callcenter.kept_forms.keeping import KEPT_FORM, OWN_TOKEN, Kept

Attributes = dict[str, str | None]
UNTOUCHED = frozenset({"password", "file", "submit", "button", "image", "reset"})
"""Kinds of inputs that are never filled."""
SET_BY_THE_PAGE = frozenset({"csrfmiddlewaretoken", KEPT_FORM, "next"})
NOT_TYPED = SET_BY_THE_PAGE | {OWN_TOKEN, "shown", "then", "do"}


@dataclass(slots=True)
class Control:
    """One input, select or textarea, with its place in the text of the page."""

    tag: str
    attributes: Attributes
    start: int
    end: int
    """End of its start tag."""
    inner_end: int = 0
    options: list[Control] = field(default_factory=list)
    drawers: tuple[int, ...] = ()
    text: str = ""

    @property
    def name(self) -> str:
        """The field's name."""
        return self.attributes.get("name") or ""

    @property
    def kind(self) -> str:
        """The kind of an input."""
        return (self.attributes.get("type") or "text").lower()


@dataclass(slots=True)
class PageForm:
    """One form of a page; `drawers` are the <details> around it, by the end of their opening tag's name."""

    attributes: Attributes
    start: int
    end: int
    controls: list[Control] = field(default_factory=list)
    posts: set[str] = field(default_factory=set)
    """Addresses to which parts of it are sent by htmx."""
    drawers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Filled:
    """What became of one kept form on a page."""

    kept: Kept
    anchor: str
    """The id of the filled form; empty where the page has none that it goes into."""
    has_fields: bool
    """Whether there is anything to see in it, beside its button."""


class _Scanner(HTMLParser):
    """Finds the forms of a page, and where what stands in them is written."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[PageForm] = []
        self.by_id: dict[str, list[Control]] = {}
        self._form: PageForm | None = None
        self._select: Control | None = None
        self._textarea: Control | None = None
        self._drawers: list[int] = []
        self._lines = [0]
        for line in page.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self.feed(page)
        self.close()

    def _place(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given, start = dict(attrs), self._place()
        end = start + len(self.get_starttag_text() or "")
        if self._form is not None and (address := given.get("hx-post")):
            self._form.posts.add(address)
        if tag == "details":
            self._drawers.append(-1 if "open" in given else start + len("<details"))
        elif tag == "form":
            self._form = PageForm(given, start, end, drawers=tuple(self._drawers))
            self.forms.append(self._form)
        elif tag in {"input", "select", "textarea"}:
            control = Control(tag, given, start, end, drawers=tuple(self._drawers))
            if owner := given.get("form"):
                self.by_id.setdefault(owner, []).append(control)
            elif self._form is not None:
                self._form.controls.append(control)
            self._select = control if tag == "select" else self._select
            self._textarea = control if tag == "textarea" else self._textarea
        elif tag == "option" and self._select is not None:
            self._select.options.append(Control(tag, given, start, end))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self._textarea.text += data
        elif self._select is not None and self._select.options:
            self._select.options[-1].text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "details" and self._drawers:
            self._drawers.pop()
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._textarea is not None:
            self._textarea.inner_end = self._place()
            self._textarea = None


class Page:
    """The text of a page, into which kept forms are filled."""

    def __init__(self, text: str, address: str) -> None:
        self.text, self.address = text, address
        scanned = _Scanner(text)
        self.forms = scanned.forms
        for form in self.forms:
            form.controls += scanned.by_id.get(form.attributes.get("id") or "", [])
        self._taken: set[int] = set()
        self._edits: dict[tuple[int, int], str] = {}

    def fill(self, kept: Kept, *, is_shown_already: bool = False) -> Filled | None:
        """Fill a kept form in; with `is_shown_already`, the page has built it from that, and only its token is set.

        None where the form holds a newer one already.
        """
        form = self._form_of(kept)
        if form is None:
            return Filled(kept, "", bool(visible(kept)))
        if form.end in self._taken:
            return None
        self._taken.add(form.end)
        anchor = form.attributes.get("id") or f"kept-{kept.pk}"
        hidden = f'<input type="hidden" name="{KEPT_FORM}" value="{kept.pk}">'
        if "id" not in form.attributes:
            self._edits[form.end - 1, form.end - 1] = f' id="{escape(anchor)}"'
        self._edits[form.end, form.end] = hidden
        self._open(form.drawers)
        left = {name: list(values) for name, values in kept.fields.items()}
        names = {OWN_TOKEN} if is_shown_already else None
        has_fields = False
        for control in form.controls:
            if control.tag != "input" or control.kind != "hidden":
                has_fields = has_fields or control.kind not in UNTOUCHED
            if is_shown_already and control.name in kept.fields and control.kind != "hidden":
                # What of it was changed is not known here: all that was sent is in sight.
                self._open(control.drawers)
            if control.name and control.name not in SET_BY_THE_PAGE and (names is None or control.name in names):
                self._fill_control(control, left, kept.fields)
        return Filled(kept, anchor, has_fields)

    def finished(self) -> str:
        """Return the text with all that was filled in."""
        found, at = [], 0
        for (start, end), text in sorted(self._edits.items()):
            found += [self.text[at:start], text]
            at = end
        return "".join([*found, self.text[at:]])

    def _form_of(self, kept: Kept) -> PageForm | None:
        def leads(form: PageForm) -> bool:
            address = (form.attributes.get("action") or self.address).partition("#")[0]
            goes = {address, *form.posts}
            return kept.action in goes or kept.action.partition("?")[0] in {one.partition("?")[0] for one in goes}

        posting = [form for form in self.forms if (form.attributes.get("method") or "").lower() == "post"]
        fitting = [form for form in posting if leads(form)]
        names = set(kept.fields)
        return max(fitting, key=lambda form: len(names & {one.name for one in form.controls}), default=None)

    def _fill_control(self, control: Control, left: dict[str, list[str]], all_of: dict[str, list[str]]) -> None:
        changed = False
        if control.tag == "input" and control.kind in {"checkbox", "radio"}:
            wanted = (control.attributes.get("value") or "on") in all_of.get(control.name, [])
            changed = self._mark(control, "checked", wanted)
        elif control.name not in all_of:
            return
        elif control.tag == "select":
            for option in control.options:
                value = option.attributes.get("value")
                is_wanted = (option.text.strip() if value is None else value) in all_of[control.name]
                changed = self._mark(option, "selected", is_wanted) or changed
        elif left[control.name] and control.kind not in UNTOUCHED:
            value = left[control.name].pop(0)
            if control.tag == "textarea":
                # A first line break after the tag is none of the text.
                changed = value.replace("\r\n", "\n").strip() != control.text.strip()
                self._edits[control.end, control.inner_end] = "\n" + escape(value)
            elif value != (control.attributes.get("value") or ""):
                changed = control.kind != "hidden"
                self._write(control, {**control.attributes, "value": value})
        if changed:
            self._open(control.drawers)

    def _mark(self, control: Control, name: str, is_wanted: bool) -> bool:
        if is_wanted == (name in control.attributes):
            return False
        attributes = {key: value for key, value in control.attributes.items() if key != name}
        self._write(control, {**attributes, name: None} if is_wanted else attributes)
        return True

    def _write(self, control: Control, attributes: Attributes) -> None:
        parts = [name if value is None else f'{name}="{escape(value)}"' for name, value in attributes.items()]
        self._edits[control.start, control.end] = f"<{' '.join([control.tag, *parts])}>"

    def _open(self, drawers: Sequence[int]) -> None:
        for place in drawers:
            if place >= 0:
                self._edits[place, place] = " open"


def visible(kept: Kept) -> list[tuple[str, str]]:
    """Return what somebody typed, by field, for a page that has no form for it any more."""
    pairs = [(name, value) for name, values in kept.fields.items() for value in values if value.strip()]
    return [(name, value) for name, value in pairs if name not in NOT_TYPED and name[0] != "_"]
