"""Who listens in this process: residents' sockets by conversation, and the consoles of staff.

They are told of every step once it is stored; of those that other processes stored when the bus rings (see perform.py).
What is not stored (who types, which socket is one too many) goes to the other processes from here.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Protocol
from uuid import UUID, uuid4

from handover.bus import Alone, Bus
from handover.conversation.conversation import Step


class Listener(Protocol):
    def stepped(self, step: Step, position: int | None) -> None:
        """A step was stored. Must not wait, must not raise, and must not say again what it said before."""

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
    @property
    def listed(self) -> set[UUID]:
        """Conversations that stand in its list: it must hear when they leave it."""

    def tell(self, frame: dict[str, Any]) -> None: ...
    def resident_types(self, conversation: UUID, on: bool) -> None: ...
    def somebody_types(self, conversation: UUID, on: bool, name: str | None) -> None: ...


class Hub:
    AT_MOST = 5  # sockets a conversation, over all processes

    def __init__(self, bus: Bus | None = None) -> None:
        self._bus = bus or Alone()
        self._residents: dict[UUID, list[Resident]] = defaultdict(list)
        self._keys: dict[Resident, str] = {}  # what other processes call a socket of ours
        self._watching: dict[UUID, set[Console]] = defaultdict(set)
        self._tasks: set[asyncio.Task[None]] = set()
        self.consoles: set[Console] = set()
        self._bus.on("typing", self._types_elsewhere)
        self._bus.on("too_many", self._one_too_many)
        self._bus.on("logged_out", lambda what: self._drop_consoles(UUID(what["staff"])))

    # Residents

    def join(self, conversation: UUID, resident: Resident) -> None:
        """The sixth socket of a conversation closes the oldest."""
        sockets = self._residents[conversation]
        sockets.append(resident)
        if len(sockets) > self.AT_MOST:
            sockets.pop(0).drop(4001, "opened elsewhere")
        if self._bus.shared:
            self._keys[resident] = uuid4().hex
            self._spawn(self._count(conversation, self._keys[resident]))

    def leave(self, conversation: UUID, resident: Resident) -> None:
        sockets = self._residents.get(conversation, [])
        if resident in sockets:
            sockets.remove(resident)
        if not sockets:
            self._residents.pop(conversation, None)
        if key := self._keys.pop(resident, None):
            self._spawn(self._bus.left(str(conversation), key))

    def residents(self, conversation: UUID) -> list[Resident]:
        return list(self._residents.get(conversation, ()))

    async def _count(self, conversation: UUID, key: str) -> None:
        for extra in await self._bus.joined(str(conversation), key, self.AT_MOST):
            what = {"conversation": str(conversation), "socket": extra}
            self._one_too_many(what)
            self._bus.tell("too_many", **what)

    def _one_too_many(self, what: dict[str, Any]) -> None:
        for resident in self.residents(UUID(what["conversation"])):
            if self._keys.get(resident) == what["socket"]:
                resident.drop(4001, "opened elsewhere")

    # Consoles

    def watch(self, conversation: UUID, console: Console) -> None:
        """It has this conversation open."""
        self._watching[conversation].add(console)

    def remove(self, console: Console) -> None:
        self.consoles.discard(console)
        for conversation in [id for id, watching in self._watching.items() if console in watching]:
            self._watching[conversation].discard(console)
            if not self._watching[conversation]:
                del self._watching[conversation]

    def consoles_of(self, staff: UUID) -> Iterator[Console]:
        return (console for console in list(self.consoles) if console.staff == staff)

    def log_out(self, staff: UUID) -> None:
        """Closes this person's consoles, on every process."""
        self._drop_consoles(staff)
        self._bus.tell("logged_out", staff=str(staff))

    def _drop_consoles(self, staff: UUID) -> None:
        for console in self.consoles_of(staff):
            console.drop(1008, "logged out")

    # Both

    def listens(self, conversation: UUID) -> bool:
        """Whether somebody here must hear of it: also a console that only lists it, or its row would stay when others took it away."""
        return conversation in self._residents or conversation in self._watching or any(conversation in one.listed for one in self.consoles)

    def open_here(self) -> set[UUID]:
        """Every conversation of which somebody here must hear."""
        return set(self._residents).union(self._watching, *(console.listed for console in self.consoles))

    def resident_types(self, conversation: UUID, on: bool) -> None:
        for console in list(self.consoles):
            console.resident_types(conversation, on)
        self._bus.tell("typing", conversation=str(conversation), on=on)

    def staff_types(self, conversation: UUID, on: bool, name: str, itself: Console) -> None:
        """Shown to the resident, and to colleagues who have it open."""
        self._staff_type(conversation, on, name, itself)
        self._bus.tell("typing", conversation=str(conversation), on=on, name=name)

    def _staff_type(self, conversation: UUID, on: bool, name: str, itself: Console | None) -> None:
        for resident in self.residents(conversation):
            resident.typing(on)
        for console in list(self.consoles):
            if console is not itself:
                console.somebody_types(conversation, on, name)

    def _types_elsewhere(self, what: dict[str, Any]) -> None:
        conversation = UUID(what["conversation"])
        if "name" in what:
            self._staff_type(conversation, what["on"], what["name"], None)
            return
        for console in list(self.consoles):
            console.resident_types(conversation, what["on"])

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def __len__(self) -> int:
        return sum(len(sockets) for sockets in self._residents.values())
