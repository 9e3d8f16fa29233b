"""How a turn looks on the wire. What a button does, and what staff said among themselves, never reaches a resident."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from handover.conversation.conversation import Turn
from handover.conversation.special import special_data

_OF_EVERYBODY = ("topics", "link", "checked_on", "candidates")


def moment(at: datetime | None) -> str | None:
    """RFC 3339, UTC, milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def encode(frame: dict[str, Any]) -> str:
    """A text frame: Sanic would send bytes as a binary one."""
    return msgspec.json.encode(frame).decode()


def turn_for_resident(turn: Turn) -> dict[str, Any]:
    """Only for turns with a `seq`."""
    shown = {"seq": turn.seq, "from": turn.author, "name": turn.name, "text": turn.text, "at": moment(turn.at), "language": turn.language}
    return {**shown, **_rest(turn), **({"id": turn.data["id"]} if "id" in turn.data else {})}


def turn_for_staff(turn: Turn) -> dict[str, Any]:
    shown = {"pos": turn.pos, "seq": turn.seq, "from": turn.author, "name": turn.name, "text": turn.text, "at": moment(turn.at),
             "language": turn.language, "note": turn.note, "suppressed": turn.suppressed}  # fmt: skip
    understood: dict[str, Any] = {name: turn.data[name] for name in ("understanding", "confidence") if name in turn.data}
    if "spoken" in turn.data or "whole" in turn.data:
        heard = " ".join(part for part in (turn.data.get("whole"), turn.data.get("spoken")) if part)
        understood |= {"spoken": heard} if heard != turn.text else {}
    special = special_data(turn.text) if turn.author == "resident" else []
    return {**shown, **_rest(turn), **understood, **({"special": special} if special else {})}


def _rest(turn: Turn) -> dict[str, Any]:
    named: dict[str, Any] = {name: value for name in ("kind", "topic", "aspect") if (value := getattr(turn, name)) is not None}
    data = {name: turn.data[name] for name in _OF_EVERYBODY if name in turn.data}
    if "choices" in turn.data:
        data["choices"] = [{"id": choice["id"], "label": choice["label"]} for choice in turn.data["choices"]]
    return {**named, **data}
