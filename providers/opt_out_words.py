"""The words of an opt-out, in the languages in which agents note what they heard, and the text in which to look. Pure.

English, Persian, Arabic, Hebrew, Hindi (in both scripts), and the plainest words of German, French, Spanish and
Turkish. A pattern matches whole words of `plain` text.
"""

from __future__ import annotations

import re
import unicodedata

MAX_SEARCHED_TEXT = 2_000
"""Characters of one text that are searched."""

_NO_MORE = r"(?:call(?:s|ed|ing)?|contact(?:s|ed|ing)?|disturb(?:ed|ing)?|ring|phoned?|dial(?:l?ed)?|bother(?:ed)?)"
_LATIN_WISH = "|".join(
    (
        "dnc", "dncr", "dnd", "donotcall", "donotdisturb", "optout", "opt out", "opts out", "opted out", "opting out",
        "unsubscribed?",
        r"(?:do not|dont|never)(?: ever)? (?:call(?:ing)?|contact(?:ing)?|disturb|ring|phone|dial)",
        r"(?:do|does) not (?:want|wish|like)(?: to| be| get| receive| any| more| further)* " + _NO_MORE,
        rf"not to (?:be |get )?{_NO_MORE}",
        r"no (?:more|further|future) (?:calls?|contact)",
        r"stop (?:call(?:s|ing)|contacting|phoning|ringing)",
        r"remove (?:me|him|her|them|(?:my|his|her|their|the|this) (?:phone )?number)",
        r"take (?:me|him|her|them) off",
        "call mat", "phone mat", "call na kare", "phone na kare",
        "nicht (?:mehr )?anrufen", "keine (?:weiteren )?anrufe", "ne (?:plus|pas) (?:m )?appeler",
        "no (?:me )?(?:llame|llamen|llamar)", "no volver a llamar", "aramayin", "aranmak istemiyor",
    )
)  # fmt: skip
_OTHER_WISH = "|".join(
    (
        "تماس نگیر", "تماس نگرفت", "زنگ نزن", "مزاحم نش", "عدم تماس", "عدم مزاحمت", "تماس نمی ?خواه",
        "شماره ?ام را (?:حذف|پاک)", "شماره من را (?:حذف|پاک)", "از لیست (?:حذف|خارج)",
        "لا تتصل", "لا يتصل", "لا یتصل", "عدم الاتصال", "توقف عن الاتصال", "احذف رقم",
        "לא להתקשר", "אל תתקשר", "תפסיקו להתקשר", "להפסיק להתקשר", "תסירו אותי", "הסירו אותי", "להסיר אותי",
        "कॉल मत", "कॉल न कर", "कॉल ना कर", "फोन मत", "फ़ोन मत", "फोन न कर", "फ़ोन न कर",
    )
)  # fmt: skip

_LINKS = (
    r"(?:a|an|on|in|the|any|for|to|is|was|be|been|by|it|us|we|that|put|added|marked|listed|yet|explicitly|customers?|"
    r"persons?|users?|they|he|she|ask\w*|request\w*|want\w*|wish\w*|mention\w*|sa(?:y|ys|id)|express\w*|indicat\w*|"
    r"requir\w*|need\w*|interested(?= in )|against|object\w*|mind\w*)"
)
DENIED_BEFORE = re.compile(rf"(?<![^ ])(?:no|not|non|never|without|neither|nor|none|nobody|didnt)(?: {_LINKS})* ?$")
_NO_WORDS = r"no|false|0|none|nil|n|off|unchecked|declined|خیر|نه|نخیر|لا|לא|नहीं|nein|non|hayır"
DENIED_AFTER = re.compile(
    r"^(?: (?:list|listed|requests?|requested|asked|status|flag))*(?: \|)* "
    rf"(?:(?:{_NO_WORDS})(?= \||$)|"
    r"(?:was |is )?not (?:requested|asked|set|needed|required|mentioned|applicable|said|wanted)(?![^ ]))"
)
OTHER_MEANING = re.compile(
    r"(?<![^ ])(?:check(?:s|ed|ing)?|scrub(?:bed)?|explain(?:ed)?|offer(?:ed)?|inform(?:ed)?|exempt|policy|verified|"
    r"cleared|eligible)(?![^ ])"
)
"""A yes under such a name is about the list or the agent, not the person's wish."""

YES = frozenset(
    {
        *("yes", "yeah", "yep", "yup", "true", "absolutely", "definitely", "affirmative", "certainly", "sí", "oui"),
        *("بله", "بلی", "آره", "اره", "آری", "نعم", "כן", "हाँ", "हां", "haan", "evet", "bale", "baleh"),
    }
)
YES_ALONE = frozenset(
    {"y", "1", "on", "correct", "positive", "requested", "confirmed", "detected", "agreed", "asked", "han", "ja", "si"}
)
"""Words that are a yes only where the clause ends with them: "requested a call later" is none."""
BEFORE_YES = frozenset({"جی", "जी", "ji", "well", "oh", "خب"})
NO = frozenset(
    {
        *("no", "nope", "nah", "not", "none", "never", "false", "0", "n", "off", "negative", "null", "nil", "denied"),
        *("خیر", "نه", "نخیر", "لا", "לא", "नहीं", "nahi", "nein", "non", "hayır"),
    }
)
"""Words with which an answer says no."""

# What looks like an opt-out and is not certain

HEDGE = re.compile(
    r"(?<![^ ])(?:may ?be|perhaps|possibl[ey]|potential(?:ly)?|probabl[ey]|likely|unsure|unclear|uncertain|not sure|"
    r"not certain|not clear|implied|partially|sort of|kind of|seems?|seemed|sounds?|sounded|"
    r"شاید|احتمالا|احتمال|مطمین نیست|ربما|אולי|शायद|vielleicht|peut etre|quizas?|belki)(?![^ ])"
)
"""Words that make a yes or an opt-out uncertain."""
LIMITED_AFTER = re.compile(
    r"^(?: (?:again|me|him|her|them|us|any ?more|calls?))* "
    r"(?:before|after|until|till|during|between|today|tomorrow|tonight|now|yet|while|unless|except|"
    r"at (?:work|night|home|noon|\d+)|(?:on|over) (?:the )?(?:weekends?|mondays?|tuesdays?|wednesdays?|thursdays?|"
    r"fridays?|saturdays?|sundays?|holidays?)|in the (?:morning|afternoon|evening|night)|for (?:now|a|the next)|"
    r"this (?:week|month|morning|afternoon|evening)|so (?:often|early|late)|too (?:often|early|late))(?![^ ])"
)
"""What limits an opt-out to a time or a place, so that it may not be meant for good."""
_LATIN_HINT = "|".join(
    (
        r"remove(?:d)?(?: it| this)? from (?:the |your |our |any )?(?:\w+ )?(?:lists?|database|records?|system)",
        r"(?:off|out of) (?:the |your |our )?(?:\w+ )?lists?", "remove number", "delete (?:my |the |this )?number",
        r"leave (?:me|him|her|us|them) alone", "lose my number", "stop bothering", "(?:do not|dont) bother",
        "no calls", "no calling", "not (?:be )?called again", "not (?:be )?contacted again", "black ?list(?:ed)?",
        "block (?:me|us|this number|my number|number)", "harass(?:ed|ing|ment)?", "spam",
    )
)  # fmt: skip
_OTHER_HINT = "|".join(
    (
        "لیست سیاه", "دست از سر", "ولم کن", "ولمان کن", "دیگر تماس", "دیگه تماس", "دیگه زنگ", "دیگر زنگ",
        "القائمة السوداء", "اترکونی", "רשימה שחורה", "תעזבו אותי", "परेशान मत", "परेशान न",
    )
)  # fmt: skip
ONLY_HINTS = frozenset({"stop", "remove", "removed", "delete", "cancel", "حذف", "لغو"})
"""Whole answers to the question for an opt-out that hint at one."""
MAY_CALL = re.compile(
    r"(?<![^ ])(?:(?:may|can|could|ok|okay|allowed|permitted|permission|consent\w*|agree\w*|accept\w*)"
    r"(?: (?:we|us|i|to|for|be|the|a|any|further|future|more|receive|get|with|person|customer|user))* "
    r"(?:call(?:s|ed|ing)?|contact(?:ed|ing)?|phoned?)|"
    r"(?:calls?|calling|contact) (?:is |are )?(?:allowed|permitted|ok|okay))(?![^ ])"
)
"""Names that ask whether the person may be called: a no under them may be an opt-out."""


def _words(latin: str, other: str) -> re.Pattern[str]:
    # Other scripts are matched at the beginning of a word only: their verbs carry endings.
    return re.compile(rf"(?<![^ ])(?:(?:{latin})(?![^ ])|(?:{plain(other, is_pattern=True)}))")


_CLAUSES = frozenset(".,;:!?|/()[]{}\"'–—·•\n\r\t=،؛؟।")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT = re.compile(r"n['’ʼ`]t(?![^\W_])", re.IGNORECASE)
_LETTERS = str.maketrans({"ي": "ی", "ك": "ک", "أ": "ا", "إ": "ا", "\u200c": " "})


def readings(text: str) -> list[str]:
    """Return a text as plain words, and where it is one word of mixed case (`doNotCall`) also with its parts apart."""
    apart = _CAMEL.sub(" ", text[:MAX_SEARCHED_TEXT])
    is_one_word = apart != text and not any(map(str.isspace, text.strip()))
    return [plain(text), plain(apart)] if is_one_word else [plain(text)]


def plain(text: str, *, is_pattern: bool = False) -> str:
    """Return a text as lower-case words with one space between them, and `|` where a clause ends.

    Of a pattern only the letters are put into the same form.
    """
    if is_pattern:
        return unicodedata.normalize("NFKC", text).translate(_LETTERS)
    text = _NOT.sub(" not", unicodedata.normalize("NFKC", text[:MAX_SEARCHED_TEXT]))
    text = text.casefold().translate(_LETTERS).replace(" - ", " | ")
    letters = []
    for letter in text:
        if letter in _CLAUSES:
            letters.append(" | ")
        elif letter.isalnum() or letter == "|":
            letters.append(letter)
        else:
            kind = unicodedata.category(letter)
            letters.append(letter if kind[0] == "M" else "" if kind == "Cf" else " ")
    return " ".join("".join(letters).split())


WISH = _words(_LATIN_WISH, _OTHER_WISH)
"""The opt-out named for itself."""
HINT = _words(_LATIN_HINT, _OTHER_HINT)
"""What may be an opt-out."""
