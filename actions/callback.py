"""The call-back request: asks for a number, reads it back, and asks whether it is right before it counts (LANG-5)."""

from typing import Any

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from actions.turns import Heard, Reply, Voice, turn

REGION = "NL"
MOBILE_LENGTH = 9  # digits of a Dutch mobile number without its first 0
CALLABLE = {PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.VOIP,
            PhoneNumberType.PERSONAL_NUMBER, PhoneNumberType.UAN}  # fmt: skip
STOP = {"stop", "stoppen", "stop maar", "nee stop", "please stop", "ik wil stoppen", "annuleer", "annuleren", "cancel", "quit",
        "nee", "nee dank u", "nee bedankt", "no", "no thanks", "no thank you", "toch niet", "nee toch niet", "laat maar", "hoeft niet",
        "hoeft niet meer", "never mind", "nevermind", "forget it", "ik wil niet gebeld worden", "do not call me"}  # fmt: skip


def stops(heard: Heard) -> bool:
    """Whether the whole message says: no call, please."""
    return not heard.structured and " ".join(heard.words) in STOP


def phone_number(text: str) -> str | None:
    """The first number in `text` that people can be called on, as +31612345678; None if there is none."""
    bare = "".join(c for c in text if c.isdigit())
    if len(bare) == MOBILE_LENGTH and bare.startswith("6") and "+" not in text:
        text = "0" + bare
    text = f"+{bare[2:]}" if bare.startswith("00") else text
    for match in phonenumbers.PhoneNumberMatcher(text, REGION):
        if phonenumbers.number_type(match.number) in CALLABLE:
            return phonenumbers.format_number(match.number, PhoneNumberFormat.E164)
    return None


def readable(phone: str) -> str:
    """+31612345678 → 06 12 34 56 78; numbers from abroad with their country."""
    number = phonenumbers.parse(phone)
    if number.country_code != phonenumbers.country_code_for_region(REGION):
        return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    if phonenumbers.number_type(number) == PhoneNumberType.MOBILE:
        digits = f"0{number.national_number}"
        return " ".join(digits[i : i + 2] for i in range(0, len(digits), 2))
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)


def ask_phone(heard: Heard, voice: Voice) -> Reply:
    """action_ask_phone: the form's question, also when what was typed is no number."""
    return Reply(turn("form", voice.say("callback.invalid" if heard.refused and not heard.structured else "callback.ask")))


def submit(heard: Heard, voice: Voice) -> Reply:
    """action_submit_callback: the number is stored at once and read back. Without a number the resident has stopped."""
    phone = heard.slot("phone")
    if not phone:
        return cancelled(voice)
    choices = [
        {"label": voice.say("button.confirm"), "do": {"intent": "affirm", "entities": {}}},
        {"label": voice.say("button.other_number"), "do": {"intent": "callback", "entities": {}}},
    ]
    said = turn("form", voice.say("callback.confirm", phone=readable(phone)), callback={"phone": phone}, choices=choices)
    return Reply(said, {"phone": None, "callback_pending": {"phone": phone, "denied": False}})


def confirmed(voice: Voice, phone: str) -> Reply:
    said = turn("form", voice.say("callback.confirmed", phone=readable(phone)), callback={"confirmed": True})
    return Reply(said, {"callback_pending": None})


def cancelled(voice: Voice) -> Reply:
    said = turn("form", voice.say("callback.cancelled"), callback={"confirmed": False})
    return Reply(said, {"phone": None, "callback_pending": None})


def other_number(voice: Voice, pending: dict[str, Any]) -> Reply:
    """The number is wrong: a number that is typed now replaces it."""
    return Reply(turn("form", voice.say("callback.other")), {"callback_pending": {**pending, "denied": True}})


def validated(candidate: Any, heard: Heard) -> dict[str, Any]:
    """What the form keeps of `candidate`: a number, nothing (it asks again), or nothing and the end of the form."""
    if stops(heard):
        return {"phone": None, "requested_slot": None}
    return {"phone": phone_number(str(candidate)) if candidate else None}
