"""PRV-3: what is masked, and what is left alone because staff need it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban

from handover.conversation.privacy import BSN, CARD, IBAN, clean, mask, passes_eleven_test

GAPS = ["", " ", ".", "-", "/", "_", ",", "  ", " - ", "\u00a0", "\u202f", "\n", "\u2013", ". "]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Mijn BSN is 123456782.", f"Mijn BSN is {BSN}."),
        ("bsn123456782graag", f"bsn{BSN}graag"),
        ("1234.56.782 en 111-222-333", f"{BSN} en {BSN}"),
        ("123 456 782", BSN),
        ("12 123456782 13", f"12 {BSN} 13"),
        ("123\u200b456\u200b782", BSN),
        ("\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0662", BSN),
        ("bel +31612345678 / 123456782", f"bel +31612345678 / {BSN}"),
        ("0031 6 12345678 123456782", f"0031 6 12345678 {BSN}"),
        ("geboren 1-2-1980 bsn 123456782", f"geboren 1-2-1980 bsn {BSN}"),
        ("1-2-1980 123456782", f"1-2-1980 {BSN}"),
        ("1-12-2034-01", BSN),
        ("+123456782", f"+{BSN}"),
        ("NL91ABNA0417164300", IBAN),
        ("nl91 abna 0417 1643 00 is mijn rekening", f"{IBAN} is mijn rekening"),
        ("IBANNL91ABNA0417164300", f"IBAN{IBAN}"),
        ("Zaak ZK12 rekening NL91ABNA0417164300", f"Zaak ZK12 rekening {IBAN}"),
        ("NO9386011117947 NO9386011117947", f"{IBAN} {IBAN}"),
        ("BE68 5390 0754 7034, DE89370400440532013000", f"{IBAN}, {IBAN}"),
        ("kaart 4111 1111 1111 1111", f"kaart {CARD}"),
        ("378282246310005", CARD),
    ],
)
def test_what_must_not_be_kept_is_masked(text, masked):
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Bel 06 12345678 of 0612345678",
        "06-12 34 56 78, of 020 123 45 67",
        "+31 6 12345678",
        "+31 (0)6 11111110",  # 6 11111110 would pass the eleven-test
        "0031 6 11111110",
        "+32 470 12 34 56",
        "14 0123",
        "06 12345678 / 14 0126",  # together sixteen digits that a card could have
        "op 2-11-2026 10:30",
        "van 12-11-2026 9:00 tot 13-11-2026 17.00 uur",
        "2026-11-02T10:00, 01/02/2003",
        "zaak Z-2026-0012345 en referentie 1234567820",
        "kvk 12345678, postcode 1234 AB 56",
        "De aanslag is € 1.234,56",
        "123456789",  # nine digits that fail the eleven-test
        "000000000",
        "NL92ABNA0417164300",  # wrong check digits
        "de 12 appels en in 20 dagen",
        "",
    ],
)
def test_what_staff_need_is_left_alone(text):
    assert mask(text) == text


bsns = st.integers(1, 99_999_999).map(lambda first: _complete(f"{first:08}")).filter(bool)


def _complete(first: str) -> str | None:
    """With the ninth digit that passes the eleven-test, where there is one."""
    last = sum(int(digit) * weight for digit, weight in zip(first, range(9, 1, -1), strict=True)) % 11
    return first + str(last) if last < 10 else None


def _spread(digits: str, sizes: list[int], gap: str) -> str:
    groups, rest = [], digits
    for size in sizes:
        groups.append(rest[:size])
        rest = rest[size:]
    return gap.join(group for group in [*groups, rest] if group)


sizes = st.lists(st.integers(1, 5), max_size=9)
around = st.sampled_from(["", "mijn bsn: ", "(", "a", "bel 06 12345678 of "])


@given(bsn=bsns, sizes=sizes, gap=st.sampled_from(GAPS), before=around, after=st.sampled_from(["", ".", ")", " graag", "\n"]))
def test_any_bsn_in_any_separators_is_masked(bsn, sizes, gap, before, after):
    assert passes_eleven_test(bsn)
    shown = mask(before + _spread(bsn, sizes, gap) + after)
    assert BSN in shown
    assert "".join(filter(str.isdigit, shown)) == "".join(filter(str.isdigit, before))


FORMS = {"NL": "AAAA9999999999", "DE": "9" * 18, "BE": "9" * 12, "GB": "AAAA" + "9" * 14, "FR": "9" * 10 + "X" * 11 + "99", "NO": "9" * 11}


@st.composite
def ibans(draw: st.DrawFn) -> str:
    country = draw(st.sampled_from(sorted(FORMS)))
    kinds = {"A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "9": "0123456789", "X": "ABCDEFGHIJ0123456789"}
    bban = "".join(draw(st.sampled_from(kinds[kind])) for kind in FORMS[country])
    return country + iban.calc_check_digits(f"{country}00{bban}") + bban


@given(number=ibans(), size=st.integers(1, 8), gap=st.sampled_from(["", " ", ".", "-", "  ", "\u00a0"]), lower=st.booleans(), before=around)
def test_any_iban_in_any_separators_is_masked(number, size, gap, lower, before):
    text = gap.join(number[at : at + size] for at in range(0, len(number), size))
    assert IBAN in mask(before + (text.lower() if lower else text) + " dank u")


@given(
    mobile=st.integers(0, 99_999_999), form=st.sampled_from(["06{}", "06 {}", "06-{}", "+316{}", "+31 6 {}", "0031 6 {}", "+31 (0)6 {}"])
)
def test_no_dutch_mobile_number_is_masked(mobile, form):
    text = form.format(f"{mobile:08}")
    assert mask(f"bel {text} graag") == f"bel {text} graag"


@given(day=st.dates(), form=st.sampled_from(["%d-%m-%Y", "%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"]), hour=st.times())
def test_no_date_with_an_hour_is_masked(day, form, hour):
    if 1900 <= day.year < 2100:
        text = f"op {day.strftime(form)} {hour.strftime('%H:%M')}"
        assert mask(text) == text


@given(st.text(max_size=200))
def test_any_text_survives(text):
    once = mask(text)
    assert mask(once) == once
    once.encode()  # no half characters are left that UTF-8 cannot write


@pytest.mark.parametrize(
    "text",
    [
        "1 " * 1000,
        "1" * 2000,
        "NL91 " * 400,
        "nl91abna" * 250,
        "1-1-2000 " * 220,
        "+1 " * 600,
        "een " * 500,
        "nl een " * 285,
        "en dan " * 285,
    ],
)
def test_no_text_takes_long(text):
    """2,000 characters are masked on the loop that serves everybody: a bound of a second, measured in processor time."""
    began = time.process_time()
    mask(text)
    assert time.process_time() - began < 1


def test_control_and_invisible_characters_go_and_lines_stay():
    assert clean("a\x00b\u200bc\r\nd\re\tf") == "abc\nd\ne\tf"
    assert clean("e\u0301") == "é"
