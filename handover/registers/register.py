"""What a register of contact moments is to us: it takes contacts, forgets them, and fails with one error.

`Contact` is what a segment of a conversation comes to for the outside: it is read anew each time that it is sent, so that
the outbox holds no text of anybody and what is deleted here is never sent afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

Kind = Literal["unreachable", "busy", "broken", "nonsense", "denied", "refused", "too_old"]


class RegisterError(Exception):
    """A call that did not do what was asked; str() has names and codes only, never a value.

    unreachable  no answer, or not in time: whether it was done is unknown
    busy         429, 502, 503, 504: it will pass
    broken       500: an outage, or a fault of this one item; only asking something else tells
    nonsense     an answer that is not what was agreed
    denied       401, 403: the token; nothing at all can be sent
    too_old      the register speaks an older version than we can use
    refused      any other 4xx: the same again gets the same answer
    """

    def __init__(
        self, kind: Kind, where: str, status: int | None = None, params: tuple[tuple[str, str], ...] = (), retry_after: float | None = None
    ) -> None:
        self.kind, self.where, self.status, self.params, self.retry_after = kind, where, status, params, retry_after
        said = f"{status} " if status else ""
        codes = "".join(f", {name}: {code}" for name, code in params)
        super().__init__(f"{kind}: {said}{where}{codes}")

    @property
    def permanent(self) -> bool:
        """Trying again cannot help; somebody has to look."""
        return self.kind == "refused"

    @property
    def outage(self) -> bool:
        """The register itself is out of reach, whatever it was asked."""
        return self.kind in ("unreachable", "busy")

    @property
    def halts(self) -> bool:
        """No item at all can be sent until somebody has done something."""
        return self.kind in ("denied", "too_old")

    def has(self, code: str, name: str = "") -> bool:
        """Whether a parameter whose name ends in `name` was refused with this code."""
        return any(given == code and param.endswith(name) for param, given in self.params)

    def about(self, name: str) -> bool:
        """Whether a parameter that begins with `name` was refused."""
        return any(param.startswith(name) for param, _ in self.params)

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "where": self.where, "status": self.status, "params": [list(pair) for pair in self.params]}


@dataclass(frozen=True)
class Employee:
    id: UUID
    name: str
    login: str = ""  # an e-mail address where the municipality uses those


@dataclass(frozen=True)
class Callback:
    id: UUID
    team: str | None
    phone: str | None
    done: bool = False
    wanted: bool = True  # False: cancelled
    name: str | None = None
    email: str | None = None
    window: str | None = None  # when it suits the resident, as it was said
    note: str | None = None


@dataclass(frozen=True)
class About:
    """Something in another register that a contact was about, a case say."""

    object_id: str
    objecttype: str
    register: str
    kind: str  # of the id


@dataclass(frozen=True)
class Contact:
    """One subject of one conversation. Texts are as we keep them: the mapping redacts and cuts them."""

    id: UUID  # of the segment
    conversation: UUID
    number: int  # of the segment in its conversation, from 1
    reference: str  # ten digits
    channel: str
    language: str
    subject: str
    started_at: datetime
    topic: str | None = None
    upl_uri: str | None = None
    ended_at: datetime | None = None
    question: str | None = None
    summary: str | None = None
    answer: str | None = None
    outcome: str | None = None
    end_reason: str | None = None
    turns: int = 0
    person: UUID | None = None  # who wrote it, where that is certain
    by_bot: bool = True
    employees: tuple[Employee, ...] = ()  # who took part, first one first
    handed_over: bool = False
    team: str | None = None
    callbacks: tuple[Callback, ...] = ()
    name: str | None = None  # of the resident, where somebody wrote it down
    confidential: bool = False
    about: tuple[About, ...] = ()

    @property
    def final(self) -> bool:
        return self.ended_at is not None

    @property
    def followed_up(self) -> bool:
        """Somebody works or worked on it: it is more than a question that the assistant answered to a stranger."""
        return self.handed_over or bool(self.employees) or not self.by_bot or any(callback.wanted for callback in self.callbacks)


@dataclass(frozen=True)
class Link:
    """What a thing of ours is at the register. `state` is the register's own word; `remote` None: it may have been made, or not."""

    remote: UUID | None
    reference: str | None
    state: str


class Links(Protocol):
    """Kept at once after each call, so that whoever goes on after a crash goes on from there."""

    async def get(self, local_type: str, local_id: str) -> Link | None: ...
    async def put(self, local_type: str, local_id: str, *, remote: UUID | None, state: str, reference: str | None = None) -> None: ...
    async def drop(self, local_type: str, local_id: str) -> None: ...
    async def like(self, local_type: str, prefix: str) -> Mapping[str, Link]:
        """The links of this type whose id begins so, by id."""
        ...


class Register(Protocol):
    name: str

    async def probe(self) -> None:
        """Asks something small. Raises RegisterError if the register does not answer as it should."""

    async def send(self, contact: Contact, *, corrected: bool) -> None:
        """Makes the register show `contact`, in as many calls as are still needed. Raises RegisterError."""

    async def remove(self, conversation: UUID, number: int, segment: UUID) -> None:
        """Removes what was sent of it, if anything was. Raises RegisterError."""
