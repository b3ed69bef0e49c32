"""Words of column titles: what a title says of its column, in English, Persian, Arabic and Hindi."""

from __future__ import annotations

import re
from enum import IntEnum

from campaigns.contacts.importing.columns.mapping import NAME, OUR_TITLES, PHONE, TITLES, plain_title


class PhoneTitle(IntEnum):
    """How far a title says that its column holds a person's own phone number."""

    OTHER = -1
    """It names a number of another kind, or the phone of somebody else."""
    UNKNOWN = 0
    WEAK = 1
    """"Number", "contact": a phone only where nothing else can be."""
    SOME = 2
    """It has a word for phone, beside words that we do not know."""
    OWN = 3


def _words(text: str) -> frozenset[str]:
    return frozenset(plain_title(text).split())


# A title with one of these words is about a phone.
_PHONE_WORDS = _words(
    "mobile mobiles cell cellphone phone phones telephone tel msisdn whatsapp handphone handy telefon mobail "
    "smartphone موبایل همراه تلفن تماس الجوال الهاتف جوال هاتف मोबाइल फोन"
) | {plain_title("फ़ोन")}
_WEAK_WORDS = _words("number numbers no nr num nambar contact contacts sampark شماره شمارهٔ رقم नंबर")
# Words that leave a phone the person's own: which of them, or how it is written.
_OWN_WORDS = _words(
    "home work office business personal private primary main secondary second first third alternate alternative alt "
    "other another additional backup landline fixed customer client person user member patient name value my your "
    "e164 international full and of the with code country "
    "منزل خانه کار محل دفتر ثابت اول دوم سوم دیگر مشتری شخصی اصلی جایگزین شخص بیمار کاربر و با کد کشور"
)
# Numbers of another kind.
_OTHER_KINDS = _words(
    "loan account acct order invoice contract policy national identity id ids ssn aadhaar aadhar pan passport ticket "
    "case ref reference tracking serial card bank iban postal postcode zip pin amount balance price total tax vat "
    "agreement file code sku barcode imei licence license plate receipt fax row index population "
    "وام حساب سفارش فاکتور قرارداد ملی شناسنامه پرونده کارت شبا پستی کدپستی مبلغ رهگیری پرسنلی اشتراک بیمه پلاک شناسه "
    "کد ردیف قبض سریال دورنگار فکس بدهی khata loan آدھار आधार खाता"
)
# Phones of somebody else.
_OTHER_PEOPLE = _words(
    "agent agents sales salesman seller rep representative manager referrer referer referred emergency guarantor "
    "kin spouse husband wife father mother parent guardian branch driver courier support owner operator supervisor "
    "employer teacher doctor employee staff assistant nominee witness "
    "ضامن معرف کارشناس اضطراری مدیر همسر پدر مادر ولی شعبه راننده پشتیبان فروشنده نماینده اپراتور پزشک سرپرست"
)
_COMMON = frozenset(
    plain_title(word)
    for word in (
        "city", "address", "email", "e mail", "date", "company", "amount", "balance", "id", "row", "code", "note",
        "notes", "age", "order", "order no", "country", "state", "status", "gender", "tags", "title", "language",
        "product",
        "شهر", "نشانی", "آدرس", "ایمیل", "تاریخ", "شرکت", "مبلغ", "ردیف", "کد", "توضیحات", "استان", "کشور", "وضعیت",
        "سن", "محصول", "کد ملی", "شماره ملی", "شماره مشتری", "shahar", "शहर",
    )
)  # fmt: skip
_RANKS = {plain_title(title): (meaning, rank) for meaning, found in TITLES.items() for rank, title in enumerate(found)}
_DIGITS = re.compile(r"\d+")
UNRANKED = 99


def meaning_of_title(title: str) -> tuple[str, int]:
    """Return the meaning that a title names exactly, with its rank; "" for a title that names none."""
    plain = " ".join(_DIGITS.sub(" ", plain_title(title)).split())
    return _RANKS.get(plain) or _RANKS.get(plain_title(title)) or ("", UNRANKED)


def phone_title(title: str) -> PhoneTitle:
    """Return how far a title says that its column is the person's own phone number."""
    words = set(_DIGITS.sub(" ", plain_title(title)).split())
    if not words:
        return PhoneTitle.UNKNOWN
    if words & _OTHER_PEOPLE:
        return PhoneTitle.OTHER
    if words & _PHONE_WORDS:
        if words & _OTHER_KINDS - _OWN_WORDS:
            return PhoneTitle.OTHER if words & {"fax", "فکس", "دورنگار"} else PhoneTitle.SOME
        rest = words - _PHONE_WORDS - _WEAK_WORDS - _OWN_WORDS
        return PhoneTitle.SOME if rest else PhoneTitle.OWN
    if words & _OTHER_KINDS:
        return PhoneTitle.OTHER
    if meaning_of_title(title)[0] == PHONE or words <= _WEAK_WORDS:
        return PhoneTitle.WEAK
    # "Customer number" is a number of the customer's, not one to call.
    return PhoneTitle.OTHER if words & _WEAK_WORDS else PhoneTitle.UNKNOWN


def is_known_title(text: str) -> bool:
    """Tell whether a cell holds words that titles are made of."""
    plain = plain_title(text)
    if not plain or len(plain) > 60:
        return False
    if meaning_of_title(text)[0] or plain in _COMMON or plain in OUR_TITLES:
        return True
    return phone_title(text) not in {PhoneTitle.UNKNOWN, PhoneTitle.WEAK} and len(plain.split()) <= 5


def names_whole_person(title: str) -> bool:
    """Tell whether a title names a column of whole names, which needs no other column beside it."""
    return plain_title(title) in _WHOLE_NAMES


def says_just_name(title: str) -> bool:
    """Tell whether a title is no more than "name", which may be a whole one or the first of two parts."""
    return _DIGITS.sub("", plain_title(title)).strip() in _JUST_NAME


def is_name_title(title: str) -> bool:
    """Tell whether a title names a column of names or of a part of them."""
    return meaning_of_title(title)[0] == NAME


_JUST_NAME = {plain_title(word) for word in ("name", "نام", "اسم", "الاسم", "naam", "नाम")}
_WHOLE_NAMES = {
    plain_title(title)
    for title in (
        "full name", "customer name", "contact name", "customer", "person", "نام و نام خانوادگی", "نام مشتری",
        "نام کامل", "pura naam", "grahak",
    )
}  # fmt: skip
