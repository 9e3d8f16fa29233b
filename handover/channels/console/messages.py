"""Every word on /console/ws. Frozen types; the one place that knows what staff consoles may send."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from handover.channels.connection import decode
from handover.conversation.events import Outcome

Count = Annotated[int, Meta(ge=0, le=2**53)]  # what a browser can count
Short = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(min_length=1)]  # over 4,000 characters is answered with `too_long`
TEXT_AT_MOST = 4000


class Frame(msgspec.Struct, frozen=True, tag_field="type", tag=str.lower):
    """The base: `{"type": …}`, unknown fields are ignored."""


class Presence(Frame, frozen=True):
    status: Literal["available", "away"]
    active: bool = False  # the person moved or typed since the last one: keeps the session alive, which a heartbeat does not
    id: UUID | None = None


class Open(Frame, frozen=True):
    id: UUID
    conversation: UUID
    after: Count = 0


class Claim(Frame, frozen=True):
    id: UUID
    conversation: UUID
    epoch: int | None = None


class Reply(Frame, frozen=True):
    id: UUID
    conversation: UUID
    text: Text


class Note(Frame, frozen=True):
    id: UUID
    conversation: UUID
    text: Text


class Transfer(Frame, frozen=True):
    id: UUID
    conversation: UUID
    reason: Text
    team: Short | None = None
    staff: Short | None = None
    epoch: int | None = None


class Return(Frame, frozen=True):
    id: UUID
    conversation: UUID
    text: str | None = None
    epoch: int | None = None


class Close(Frame, frozen=True):
    id: UUID
    conversation: UUID
    outcome: Outcome
    summary: str
    subjects: Annotated[list[Short], Meta(max_length=20)] = []
    epoch: int | None = None


class Typing(Frame, frozen=True):
    conversation: UUID
    on: bool


class Callbacks(Frame, frozen=True):
    id: UUID
    status: Literal["unconfirmed", "open", "done", "cancelled"] | None = None


class CallbackDone(Frame, frozen=True, tag="callback_done"):
    id: UUID
    callback: UUID


class Code(Frame, frozen=True):
    """A code and a link with which the resident goes on in the chat."""

    id: UUID
    conversation: UUID


FromStaff = Presence | Open | Claim | Reply | Note | Transfer | Return | Close | Typing | Callbacks | CallbackDone | Code
_from_staff: msgspec.json.Decoder[FromStaff] = msgspec.json.Decoder(FromStaff)


def from_staff(frame: str) -> FromStaff:
    """Raises BadFrame."""
    return decode(_from_staff, frame)
