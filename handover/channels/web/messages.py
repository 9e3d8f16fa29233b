"""Every word on /chat/ws. Frozen types; the one place that knows what residents' widgets may send."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from handover.channels.connection import BadFrame, decode
from handover.conversation.privacy import mask

TEXT_AT_MOST = 2000  # characters
Score = Annotated[int, Meta(ge=1, le=5)]
Count = Annotated[int, Meta(ge=0, le=2**53)]  # what a browser can count


class Frame(msgspec.Struct, frozen=True, tag_field="type", tag=str.lower):
    """The base: `{"type": …}`, unknown fields are ignored."""


class Hello(Frame, frozen=True):
    token: Annotated[str, Meta(max_length=200)] | None = None
    after: Count = 0
    language: Literal["nl", "en"] = "nl"
    page: Annotated[str, Meta(max_length=2000)] | None = None
    identity: Annotated[str, Meta(max_length=8000)] | None = None


class Message(Frame, frozen=True):
    id: UUID
    text: Annotated[str, Meta(min_length=1)]


class Choose(Frame, frozen=True):
    id: UUID
    turn: Count
    choice: Annotated[str, Meta(max_length=100)]


class Human(Frame, frozen=True):
    id: UUID


class Leave(Frame, frozen=True):
    id: UUID


class Typing(Frame, frozen=True):
    on: bool


class Language(Frame, frozen=True):
    id: UUID
    language: Literal["nl", "en"]


class Rate(Frame, frozen=True):
    id: UUID
    score: Score
    comment: str | None = None


class Close(Frame, frozen=True):
    id: UUID


class Call(Frame, frozen=True):
    """Wants to go on by telephone."""

    id: UUID


class Code(Frame, frozen=True):
    """Has a code from a call, and wants to go on here."""

    id: UUID
    code: Annotated[str, Meta(max_length=40)]


FromResident = Hello | Message | Choose | Human | Leave | Typing | Language | Rate | Close | Call | Code
_from_resident: msgspec.json.Decoder[FromResident] = msgspec.json.Decoder(FromResident)


def from_resident(frame: str) -> FromResident:
    """Raises BadFrame."""
    return decode(_from_resident, frame)


def checked(text: str, id: UUID) -> str:
    """`text` cleaned and masked. Raises BadFrame: over 2,000 characters is `too_long`."""
    if len(text) > TEXT_AT_MOST:
        raise BadFrame("too_long", str(id))
    return mask(text) or "…"  # nothing but invisible characters
