"""Who listens: residents' sockets by conversation, and the consoles of staff. They are told of every step once it is stored."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Protocol
from uuid import UUID

from handover.conversation.conversation import Step


class Listener(Protocol):
    def stepped(self, step: Step, position: int | None) -> None:
        """A step was stored. Must not wait, must not raise."""

    def drop(self, code: int, reason: str) -> None:
        """Close the socket."""


class Resident(Listener, Protocol):
    def moved(self, epoch: int, position: int) -> None:
        """Its place in the queue is now `position`."""

    def typing(self, on: bool) -> None: ...


class Console(Listener, Protocol):
    member: Any  # staff.accounts.Member, who proved to be that when the socket was opened
    active: bool  # something came in since the session was last touched

    @property
    def staff(self) -> UUID: ...
    @property
    def session(self) -> bytes: ...
    def tell(self, frame: dict[str, Any]) -> None: ...
    def resident_types(self, conversation: UUID, on: bool) -> None: ...
    def somebody_types(self, conversation: UUID, on: bool, name: str | None) -> None: ...


class Hub:
    AT_MOST = 5  # sockets a conversation

    def __init__(self) -> None:
        self._residents: dict[UUID, list[Resident]] = defaultdict(list)
        self.consoles: set[Console] = set()

    def join(self, conversation: UUID, resident: Resident) -> None:
        """The sixth socket of a conversation closes the oldest."""
        sockets = self._residents[conversation]
        sockets.append(resident)
        if len(sockets) > self.AT_MOST:
            sockets.pop(0).drop(4001, "opened elsewhere")

    def leave(self, conversation: UUID, resident: Resident) -> None:
        sockets = self._residents.get(conversation, [])
        if resident in sockets:
            sockets.remove(resident)
        if not sockets:
            self._residents.pop(conversation, None)

    def residents(self, conversation: UUID) -> list[Resident]:
        return list(self._residents.get(conversation, ()))

    def consoles_of(self, staff: UUID) -> Iterator[Console]:
        return (console for console in list(self.consoles) if console.staff == staff)

    def __len__(self) -> int:
        return sum(len(sockets) for sockets in self._residents.values())
