"""Words of do-not-call columns: titles that ask for a wish, and cells that say yes, no, or neither. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache

from providers.opt_outs import heard_do_not_call


class Wish(StrEnum):
    """What a cell of a do-not-call column says."""

    YES = "yes"
    NO = "no"
    BLANK = "blank"
    DOUBTFUL = "doubtful"
    """Neither yes nor no: whoever reads the file has to decide."""


MAX_DOUBTFUL = 60
"""Characters of a doubtful cell that are shown, and by which it is told from others."""
TITLES: tuple[str, ...] = (
    "do not call", "dont call", "do not phone", "do not contact", "donotcall", "dnc", "dnc flag", "dnc status",
    "do not call flag", "no call", "no calls", "no contact", "never call", "do not disturb", "dnd", "dnd status",
    "opt out", "opted out", "optout", "call opt out", "phone opt out", "has opted out", "has opted out of calls",
    "unsubscribed", "unsubscribe", "suppressed", "suppression", "call blocked", "blocklist", "blacklist", "robinson",
    "عدم تماس", "عدم تماس تلفنی", "تماس نگیرید", "تماس گرفته نشود", "زنگ نزنید", "لیست سیاه", "مزاحم نشوید",
    "انصراف", "انصراف از تماس", "لغو عضویت", "عدم تمایل به تماس",
    "عدم الاتصال", "لا تتصل", "ممنوع الاتصال", "الغاء الاشتراك",
    "call na karen", "call mat karo", "कॉल न करें", "कॉल मत करो", "फोन न करें", "संपर्क न करें",
    "nicht anrufen", "keine anrufe", "anrufsperre", "ne pas appeler", "no llamar", "nao ligar", "não ligar",
    "aramayin", "aramayın", "не звонить", "לא להתקשר", "אל תתקשר",
)  # fmt: skip
YES = frozenset(
    {
        "yes", "y", "yeah", "yep", "yup", "true", "t", "1", "1 0", "x", "on", "checked", "ticked", "yes please",
        "بله", "بلی", "اره", "اری", "نعم", "اجل", "صحیح", "دارد",
        "haan", "han", "ha", "ji haan", "हाँ", "हां", "हा", "जी हाँ", "जी हां",
        "ja", "oui", "si", "sí", "sim", "evet", "да", "כן", "tak", "sí por favor",
    }
)  # fmt: skip
NO = frozenset(
    {
        "no", "n", "nope", "false", "f", "0", "0 0", "off", "unchecked", "not set",
        "خیر", "نه", "نخیر", "لا", "کلا", "ندارد",
        "nahi", "nahin", "nai", "नहीं", "नही", "जी नहीं", "nein", "non", "nao", "não", "nie", "hayir", "hayır", "нет",
        "לא",
    }
)  # fmt: skip
BLANKS = frozenset({"", "null", "none", "nil", "nan", "n a", "na", "not available", "not applicable"})
_OTHER_CHANNEL = frozenset(
    {
        "email", "emails", "mail", "sms", "text", "texts", "whatsapp", "newsletter", "fax", "telegram", "post", "ایمیل",
        "پیامک", "فکس", "خبرنامه",
    }
)  # fmt: skip
_ABOUT = frozenset(
    {"check", "checked", "scrub", "scrubbed", "verified", "reason", "source", "by", "until", "expires", "note", "notes"}
)
"""Words of titles that tell something about a wish, such as who wrote it down, and not whether there is one."""
_DASHES = frozenset(" \t\n-–—‒―_./\u00a0\u200c\u200e\u200f")
"""What stands in a cell that holds nothing; any other sign, such as a question mark or a cross, is a doubt."""
_CALLS = frozenset({"call", "calls", "phone", "all", "any", "تماس", "تلفنی"})
_TICKS, _EMPTY_BOXES = frozenset("✓✔☑✅🗸"), frozenset("☐⬜")
_NO_ENTRY = frozenset("🚫⛔📵")
_LETTERS = str.maketrans("يىكةأإآۀ\u200c_", "ییکهاااه  ")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NO_WORD = re.compile(r"[^\w]+")
_DATE = re.compile(r"\d{2,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}(?:[T ].*)?")


def plain_words(text: str) -> str:
    """Return a text as words with one space between them: unified letters and digits, lower case, no punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    letters = (str(unicodedata.digit(sign)) if sign.isdecimal() else sign for sign in folded)
    # Vowel signs and virama of Hindi are marks, not letters: they belong to the words.
    kept = (sign if unicodedata.category(sign)[0] == "M" or not _NO_WORD.match(sign) else " " for sign in letters)
    return " ".join("".join(kept).split())


_YES_ALONE = frozenset({"stop", "block", "blocked", "banned", "requested", "stopped"})
"""Further words that are a yes in a column that asks for the wish."""
_TITLES = {plain_words(title) for title in TITLES}
_JOINED = {title.replace(" ", "") for title in _TITLES}
"""For titles such as "D.N.C."."""
_YES, _NO, _BLANKS = (frozenset(map(plain_words, words)) for words in (YES, NO, BLANKS))


def is_wish_title(title: str) -> bool:
    """Return whether a column of this title says who must not be called, in any of the usual words and languages."""
    plain = re.sub(r" \d+$", "", plain_words(title))
    if plain in _TITLES or plain.replace(" ", "") in _JOINED:
        return True
    words = set(plain_words(_CAMEL.sub(" ", title)).split())
    if words & _ABOUT or (words & _OTHER_CHANNEL and not words & _CALLS):
        return False
    padded = f" {plain} "
    named = any(f" {known} " in padded for known in _TITLES if len(known) > 3)
    return named or (len(words) < 8 and heard_do_not_call(title))


@lru_cache(maxsize=4096)
def read_yes_no(cell: str) -> Wish:
    """Read a cell of a yes/no column of any kind."""
    signs = set(cell)
    if signs & _TICKS:
        return Wish.YES
    if signs & _EMPTY_BOXES:
        return Wish.NO
    plain = plain_words(cell)
    if plain in _YES:
        return Wish.YES
    if plain in _NO:
        return Wish.NO
    if plain in _BLANKS:
        return Wish.BLANK if plain or signs <= _DASHES else Wish.DOUBTFUL
    return Wish.DOUBTFUL


@lru_cache(maxsize=4096)
def read_wish(cell: str) -> Wish:
    """Read a cell of a do-not-call column: also the wish itself, or the day on which it was said, is a yes."""
    found = read_yes_no(cell)
    if found is not Wish.DOUBTFUL:
        return found
    plain = plain_words(cell)
    is_said = plain in _YES_ALONE or plain in _TITLES or bool(set(cell) & _NO_ENTRY)
    is_said = is_said or heard_do_not_call({"do not call": cell}) or _DATE.fullmatch(_digits(cell)) is not None
    return Wish.YES if is_said else Wish.DOUBTFUL


class WishColumns:
    """The do-not-call columns of a file, with what a user said of their doubtful cells."""

    def __init__(self, columns: Sequence[int], answers: Mapping[str, str]) -> None:
        self._columns, self._answers = columns, answers

    @property
    def are_there(self) -> bool:
        """Tell whether the file has any."""
        return bool(self._columns)

    def of(self, cells: Sequence[str]) -> tuple[Wish, str]:
        """Return what a row says, and the cell that says it; of several columns a yes counts first, then a doubt."""
        found = {self._read(cells[column]): cells[column] for column in reversed(self._columns) if column < len(cells)}
        for wish in (Wish.YES, Wish.DOUBTFUL, Wish.NO):
            if wish in found:
                return wish, found[wish]
        return Wish.BLANK, ""

    def _read(self, cell: str) -> Wish:
        found = read_wish(cell)
        answer = self._answers.get(answer_key(cell)) if found is Wish.DOUBTFUL else None
        return Wish(answer) if answer else found


def answer_key(cell: str) -> str:
    """Return the form of a doubtful cell under which a user's answer is kept: the same value is asked for once."""
    return (plain_words(cell) or cell.strip())[:MAX_DOUBTFUL]


def _digits(text: str) -> str:
    return "".join(str(unicodedata.digit(sign)) if sign.isdecimal() else sign for sign in text.strip())
