"""A bus between several performers in one process, which loses, delays and mixes up what is told, as a seed says."""

import random
from typing import Any

import msgspec

from handover.bus import Alone, Heard


class Room:
    """What the members told and nobody has heard yet. `deliver` lets one message through, or loses it."""

    def __init__(self, chance: random.Random, lost: float = 0.2) -> None:
        self._chance, self._lost = chance, lost
        self.members: list[Member] = []
        self._under_way: list[tuple[Member, dict[str, Any]]] = []

    def member(self) -> "Member":
        self.members.append(Member(self))
        return self.members[-1]

    def take(self, sender: "Member", what: dict[str, Any]) -> None:
        self._under_way += [(member, what) for member in self.members if member is not sender]

    def __len__(self) -> int:
        return len(self._under_way)

    def deliver(self) -> Any:
        """One message, not the first one necessarily; what the listener does with it, to be awaited, or None."""
        member, what = self._under_way.pop(self._chance.randrange(len(self._under_way)))
        return None if self._chance.random() < self._lost else member.hear(what)


class Member(Alone):
    shared = True

    def __init__(self, room: Room) -> None:
        self._room = room
        self._heard: dict[str, list[Heard]] = {}

    def on(self, kind: str, heard: Heard) -> None:
        self._heard.setdefault(kind, []).append(heard)

    def tell(self, kind: str, **what: Any) -> None:
        self._room.take(self, msgspec.json.decode(msgspec.json.encode({"kind": kind, **what})))

    def hear(self, what: dict[str, Any]) -> Any:
        """At most one listener of a kind has something to await."""
        return next((waiting for heard in self._heard.get(what["kind"], ()) if (waiting := heard(what)) is not None), None)
