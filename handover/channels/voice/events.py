"""What a voice gateway tells us and what we tell it: the one interface that all gateways share. Text only, never audio."""

from typing import Any

import msgspec


class CallId(msgspec.Struct, frozen=True):
    """A call, as its gateway names it. Never the number of the caller: two people share a telephone, and numbers can be forged."""

    gateway: str
    id: str

    @property
    def key(self) -> str:
        return f"{self.gateway}:{self.id}"


# In


class CallStarted(msgspec.Struct, frozen=True):
    """`caller`, `callee`: as the network tells them; a withheld number is None. `told`: the gateway reports how a transfer ends."""

    caller: str | None = None
    callee: str | None = None
    display_name: str | None = None
    sip_headers: dict[str, Any] = {}
    language: str = "nl"
    told: bool = True


class Utterance(msgspec.Struct, frozen=True):
    """`confidence` 0..1, where the recogniser gives one."""

    text: str
    confidence: float | None = None
    language: str | None = None


class Digits(msgspec.Struct, frozen=True):
    keys: str


class Silence(msgspec.Struct, frozen=True):
    """`times`: as the gateway counts, if it does; we count ourselves."""

    times: int = 1


class LowConfidence(msgspec.Struct, frozen=True):
    """The recogniser itself says that it is not worth much."""

    text: str


class BargeIn(msgspec.Struct, frozen=True):
    """The caller talked through what was said. Nothing follows from it: the words come as an utterance of their own."""

    heard_text: str | None = None


class TransferResult(msgspec.Struct, frozen=True):
    ok: bool
    sip_status: int | None = None
    detail: str = ""


class CallEnded(msgspec.Struct, frozen=True):
    """May come first, twice, or never. `by`: caller or gateway."""

    by: str = "caller"
    reason: str = ""
    duration: int | None = None  # seconds


class Refreshed(msgspec.Struct, frozen=True):
    """The gateway is still there."""


class Disconnected(msgspec.Struct, frozen=True):
    """The line to the gateway is gone; the call may live on."""


class Resumed(msgspec.Struct, frozen=True):
    """The gateway is back, in the middle of a call that is going on."""


In = CallStarted | Utterance | Digits | Silence | LowConfidence | BargeIn | TransferResult | CallEnded | Refreshed | Disconnected | Resumed


# Out


class Say(msgspec.Struct, frozen=True):
    """Plain words; speech.py makes of them what a voice needs. `interruptible`: may be talked through."""

    text: str
    interruptible: bool = True
    language: str = "nl"


class Listen(msgspec.Struct, frozen=True):
    """For words, keys, or both. `num_digits`: how many keys end it; None: until # or a pause. `timeout_s` of silence."""

    speech: bool = True
    digits: bool = True
    num_digits: int | None = 1
    timeout_s: float = 7
    hints: tuple[str, ...] = ()
    language: str = "nl"


class Transfer(msgspec.Struct, frozen=True):
    """`target`: sip:… or tel:+31…; if it fails the gateway says so, where it can, and we have the caller again."""

    target: str
    headers: dict[str, str] = {}
    reason: str = ""


class Hangup(msgspec.Struct, frozen=True):
    reason: str = ""


class Wait(msgspec.Struct, frozen=True):
    """The answer is not there yet: come back for the rest, under this event."""

    event: str


Out = Say | Listen | Transfer | Hangup | Wait


def said_while_listening(outs: list[Out]) -> list[Say]:
    """What stands right before a `Listen` and may be talked through."""
    found: list[Say] = []
    for out in outs:
        match out:
            case Say(interruptible=True):
                found.append(out)
            case Listen():
                return found
            case _:
                found = []
    return []
