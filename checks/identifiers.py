"""Numbers that name a person: digits in, whether they can be a NIK, No. KK, NIP, NPWP, telephone number, and why, out.

NIK and No. KK carry no check digit: region, then DDMMYY (40 more on a woman's day), then a serial that is not 0000. The rules go further
than python-stdnum's, which takes day 81 and serial 0000 and does not know the provinces of the new Papua (docs/decisions/0021).
"""

import calendar
import re
import unicodedata
from typing import Final, Literal

from checks.regions import OLD_PROVINCES, regions

_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_UNSEEN: Final = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
Certainty = Literal["no", "weak", "strong"]
_START: Final = r"(?:(?<!\d)(?<!\d[.,])(?<![Rr][Pp]\.)|(?<=\d{9},))"
_END: Final = r"(?!\d|\.(?!0+(?!\d))\d|,(?!0+(?!\d)|\d{9})\d)"
"""Not inside a number with decimals; a comma between two long numbers parts them, a point may end a word (`NIK.3313…`), but for `Rp.`."""
MOBILE: Final = re.compile(
    rf"{_START}(?:\(?(?:\+|00)62\)?(?: ?- ?|[\s.])?(?:\(0?\)?\s?)?|62[ \-]?|0)8[1-9]\d(?:\)?[\s.\-]?\d){{6,9}}{_END}"
    rf"|{_START}(?:\(?(?:\+|00)62\)?(?: ?- ?|\s{{0,2}})|0)8[1-9]\d{{1,2}} - \d{{3,4}} - \d{{3,5}}{_END}"
)
"""Amounts begin with 62 too: then there is no dot, and nothing in groups that are parted by ` - `."""
MAIL: Final = re.compile(r"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
MAIL_SPELT: Final = re.compile(
    r"[A-Za-z0-9][\w.+-]{0,63} ?[\[(] ?at ?[\])] ?[A-Za-z0-9-]+(?: ?(?:\.|[\[(] ?dot ?[\])]) ?[A-Za-z0-9-]+)+"
    r"|[A-Za-z0-9][\w.+-]{0,63} ?@ [A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.(?:com|net|org|id|co|info|edu|gov|me|io)\b",
    re.IGNORECASE,
)
"""A mailbox as people hide it from programs, or with blanks: `budi[at]gmail.com`, `budi @ gmail.com`."""
LANDLINE: Final = re.compile(r"\(?0[2-79]\d{1,2}\)?[ .\-]?\d{5,8}")
_SCIENTIFIC: Final = re.compile(r"(\d)[.,](\d+)E\+?(1[1-7])", re.IGNORECASE)
NPWP_FORM: Final = re.compile(r"(?<!\d)\d{2}\.\d{3}\.\d{3}\.\d-\d{3}\.\d{3}(?!\d)")
LONG_DIGITS: Final = re.compile(
    rf"{_START}\d(?:[ .\-]?\d){{14,17}}{_END}"
    rf"|{_START}\d{{4,8}}(?:(?: [.\-] | {{2}})\d{{4,8}}){{2,3}}{_END}"
    r"|(?<![\d.,])\d(?:,\d{3}){5}(?![\d.,])"
)
"""In groups, however they are parted (two dates or two amounts are no number), and 16 digits as a spreadsheet shows them with commas."""
RT_RW: Final = re.compile(
    r"\bRT[\s.:]*0*\d{1,3}\b.{0,12}?\bRW[\s.:]*0*\d{1,3}\b|\bRT[\s./]*RW[\s.:]*0*\d{1,3}\s*/\s*0*\d{1,3}\b|\bRT[\s.:]*0*\d{1,3}\s*/\s*0*\d{1,3}\b",
    re.IGNORECASE,
)
HALF_MASKED: Final = re.compile(r"(?<![\w*])(?=[\d*xX•#]{16}(?![\w*]))(?=[^*xX•#]*[*xX•#]{2})[\d*xX•#]{16}")


def as_it_looks(text: str) -> str:
    """Dashes, blanks and digits of other scripts as plain ones, and without what nobody sees.

    >>> as_it_looks("\u0663\uff13\u200b\u20131")
    '33-1'
    """
    if text.isascii():
        return text
    plain = _plain(unicodedata.normalize("NFKC", _plain(text)))
    return _BEYOND_ASCII.sub(lambda found: "".join(str(unicodedata.decimal(c, c)) for c in found[0]), plain)


def _plain(text: str) -> str:
    for dash in _DASHES:
        text = text.replace(dash, "-")
    for unseen in _UNSEEN:
        text = text.replace(unseen, "")
    return text


def nik(digits: str, *, rounded: bool = False) -> Certainty:
    """Can these 16 digits be a NIK or a No. KK? `rounded`: the last digits were lost, so the serial may be 0000.

    >>> nik("3313014101900001"), nik("3313018101900001"), nik("5101010100010001"), nik("9999014101900001")
    ('strong', 'no', 'no', 'no')
    """
    if len(digits) != 16 or not digits.isascii() or not digits.isdigit() or (digits[12:] == "0000" and not rounded):
        return "no"
    known = regions()
    if digits[:2] not in known.provinces and digits[:2] not in OLD_PROVINCES:
        return "no"
    day, month, year = int(digits[6:8]), int(digits[8:10]), int(digits[10:12])
    day -= 40 if day > 40 else 0
    if not 1 <= month <= 12 or not 1 <= day <= max(calendar.monthrange(century + year, month)[1] for century in (1900, 2000)):
        return "no"
    if digits[4:6] == "00":
        return "no"
    return "strong" if digits[:4] in known.regencies else "weak"


def nip(digits: str, *, rounded: bool = False) -> bool:
    """18 digits: date of birth, month of appointment, 1 or 2 for the sex, a serial. `rounded`: the serial was lost."""
    if len(digits) != 18 or not digits.isascii() or not digits.isdigit():
        return False
    born, appointed, month = int(digits[:4]), int(digits[8:12]), int(digits[12:14])
    if not (
        1930 <= born <= 2015 and 1950 <= appointed <= 2100 and 14 <= appointed - born <= 60 and 1 <= month <= 12 and digits[14] in "12"
    ):
        return False
    birth_month = int(digits[4:6])
    return (
        1 <= birth_month <= 12 and 1 <= int(digits[6:8]) <= calendar.monthrange(born, birth_month)[1] and (digits[15:] != "000" or rounded)
    )


def npwp(digits: str) -> bool:
    """The old 15 digits: Luhn over the first nine. The new 16 are a NIK, or 0 before the old 15."""
    if len(digits) == 16 and digits[0] == "0":
        digits = digits[1:]
    return len(digits) == 15 and digits.isascii() and digits.isdigit() and _luhn(digits[:9]) and digits[:9] != "000000000"


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def scientific_digits(text: str) -> tuple[int, str] | None:
    """How many digits a number shown as `3,31301E+15` has, and those that it still tells: `(16, "331301")`; None when it is none."""
    match = _SCIENTIFIC.fullmatch(text.strip())
    return (int(match[3]) + 1, match[1] + match[2]) if match else None
