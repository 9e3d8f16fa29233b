"""Retention: what is kept for how long, and the work that makes it so (PRV-5, PRV-7).

Each closed conversation has two clocks, kept as its timers `transcript` and `destroy`. When the first runs out the text of
all that was said goes, with everything that repeats it; what stays is who took part and when, and the contact moments with
their reports. When the second runs out all of it goes, and the registers that were told are told to forget it. A hold (a
Woo request, a complaint) stops both; a call-back that is still to be done stops the second.

Everything here is small transactions that can stop at any moment: what is due stays due. `RULES` says of every table what
becomes of its rows; a test fails when a table has no rule.
"""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import structlog
from sqlalchemy import Connection, delete, func, select, update

from handover.conversation.conversation import Conversation, without_words
from handover.conversation.states import PUT_OFF, State
from handover.history import audit, tables
from handover.history.removals import forget_people, remove
from handover.history.store import OPEN_CALLBACKS, Store, conversation_of, conversation_row

log = structlog.get_logger()
KINDS = ("unused", "transcript", "destroy")  # of timers
AT_ONCE = 200  # rows that one transaction removes
BATCHES = 50  # of one table in one run; the rest waits for the next
PERSONAL = ("unused", "transcript", "destroy", "call-backs", "residents")  # what the files may not keep either
LATE = timedelta(days=1)  # what is due for longer than this means that nobody carries it out
SESSIONS_KEPT = timedelta(days=30)  # of staff, after they ended

Action = Literal["unused", "transcript", "destroy", "held", "callback", "nothing"]
Reason = Literal["held", "callback", "running"]  # why something may not be erased now

WITH_THE_WORDS = ("turn", "receipt", "handover", "contact_detail", "call")
WITH_CONVERSATION = "with its conversation"
RULES: Mapping[str, str] = {
    "conversation": "words after `bot` or `staff` days, the rest after `summary` days",
    "turn": "text and data with the words; the skeleton with its conversation",
    "receipt": "with the words",
    "handover": "packet, number and code with the words; the rest with its conversation",
    "callback": "`callback` days after it was done or cancelled",
    "wrap_up": WITH_CONVERSATION,
    "person": "with the last of their conversations",
    "identity": "with its person",
    "used_token": "when it would have expired",
    "contact_detail": "of a call-back: with it; else with the words",
    "segment": WITH_CONVERSATION,
    "subject_object": WITH_CONVERSATION,
    "participant": WITH_CONVERSATION,
    "actor": "names of employees of other systems, kept",
    "series": "numbers only, kept",
    "processing": "after `processing` days",
    "api_token": "accounts of other systems, kept",
    "staff": "accounts, kept until they are removed",
    "staff_session": "30 days after it ended",
    "presence": "with its account",
    "call": "with the words",
    "call_reply": "after a quarter of an hour",
    "code": "when it would have expired, or with its conversation",
    "audit": "after `audit` days, recorded by a checkpoint",
    "audit_head": "one row, kept",
    "audit_checkpoint": "numbers only, kept",
    "outbox": "30 days after it was sent; holds ids only",
    "register_link": "ids only, kept",
    "register_actor": "employees and departments, kept",
}


@dataclass(frozen=True)
class Terms:
    """Beside those of each conversation, which stand in its timers."""

    callback: timedelta = timedelta(days=90)
    audit: timedelta = timedelta(days=548)
    processing: timedelta = timedelta(days=548)

    @classmethod
    def of(cls, days: Mapping[str, int]) -> "Terms":
        return cls(*(timedelta(days=days[name]) for name in ("callback", "audit", "processing")))


class DryRun(Exception):
    """Ends a transaction of which nothing may stay."""


# One conversation


def judge(row: Any, c: Conversation, now: datetime, *, call_back: bool) -> Action:
    """What its clocks ask for now. `call_back`: one is still to be done, or was done lately."""
    due = {kind for kind in KINDS if (at := c.timers.get(kind)) and at <= now}
    if not due:
        return "nothing"
    if row.held_at:
        return "held"
    if "unused" in due:
        return "unused"
    if "destroy" in due and not call_back:
        return "destroy"
    return "transcript" if "transcript" in due else "callback"


def expire(connection: Connection, key: bytes, id: UUID, now: datetime, terms: Terms, *, dry: bool = False) -> Action:
    """Carries out what the clocks of this conversation ask for, in the caller's transaction; says what that was."""
    row = _locked(connection, id)
    if row is None:
        return "nothing"
    c = conversation_of(row.body)
    action = judge(row, c, now, call_back=_call_back_since(connection, id, now - terms.callback))
    if dry or action == "nothing":
        return action
    if action in ("held", "callback"):
        put_off = {kind: now + PUT_OFF if kind in KINDS and at <= now else at for kind, at in c.timers.items()}
        c.timers, c.version = put_off, c.version + 1
        _save(connection, c)
    elif action == "transcript":
        take_words(connection, c)
    else:
        remove(connection, id, now)
    if action in ("transcript", "destroy"):
        audit.append(connection, key, [audit.line("retention", f"conversation.{action}", str(id), "ok", now)])
    return action


def take_words(connection: Connection, c: Conversation) -> None:
    """Removes what was said, and everything that repeats it. What stays of a turn: whose it was, when, and its topic."""
    _save(connection, without_words(c))
    by = {name: tables.metadata.tables[name].c.conversation_id == c.id for name in WITH_THE_WORDS}
    connection.execute(update(tables.turn).where(by["turn"]).values(text="", data={}))
    connection.execute(update(tables.handover).where(by["handover"]).values(packet={}, number=None, code=None))
    connection.execute(delete(tables.receipt).where(by["receipt"]))
    connection.execute(delete(tables.call).where(by["call"]))
    details = tables.contact_detail.c
    connection.execute(delete(tables.contact_detail).where(by["contact_detail"], details.source != "callback", ~details.reuse_consent))


def _save(connection: Connection, c: Conversation) -> None:
    connection.execute(update(tables.conversation).where(tables.conversation.c.id == c.id).values(**conversation_row(c)))


def _locked(connection: Connection, id: UUID) -> Any:
    """(body, state, held_at), or None."""
    rows = tables.conversation.c
    return connection.execute(select(rows.body, rows.state, rows.held_at).where(rows.id == id).with_for_update()).first()


def _call_back_since(connection: Connection, id: UUID, moment: datetime) -> bool:
    rows = tables.callback.c
    where = (rows.conversation_id == id) & (rows.status.in_(OPEN_CALLBACKS) | (rows.changed_at >= moment))
    return connection.scalar(select(rows.id).where(where).limit(1)) is not None


# On somebody's word


def why_not(connection: Connection, id: UUID) -> Reason | None:
    """Why this conversation may not be erased now, or None."""
    row = _locked(connection, id)
    if row is None:
        return None
    if row.held_at:
        return "held"
    if row.state in (State.WAITING, State.STAFF):
        return "running"
    open_ones = select(tables.callback.c.id).where(tables.callback.c.conversation_id == id, tables.callback.c.status.in_(OPEN_CALLBACKS))
    return "callback" if connection.scalar(open_ones.limit(1)) is not None else None


def erase(connection: Connection, key: bytes, id: UUID, now: datetime, actor: str, *, dry: bool = False) -> Reason | None:
    """Removes a conversation on request, if that may be; else says why not (PRV-6). Logged without content."""
    reason = why_not(connection, id)
    if dry:
        return reason
    if reason is None:
        remove(connection, id, now)
    audit.append(connection, key, [audit.line(actor, "conversation.erase", str(id), reason or "ok", now)])
    return reason


def forget_person(connection: Connection, key: bytes, person: UUID, now: datetime, actor: str) -> bool:
    """By what this resident was known, if no conversation of theirs is left."""
    gone = forget_people(connection, now, person, also_lately=True) > 0
    if gone:
        audit.append(connection, key, [audit.line(actor, "person.erase", str(person), "ok", now)])
    return gone


def hold(connection: Connection, key: bytes, id: UUID, reason: str | None, now: datetime, actor: str) -> bool:
    """Nothing of it is destroyed from now on; without a reason: the hold is lifted. False: it was so already."""
    rows = tables.conversation.c
    row = _locked(connection, id)
    if row is None or bool(row.held_at) == bool(reason):
        return False
    values = {"held_at": now, "held_for": reason[:200]} if reason else {"held_at": None, "held_for": None}
    connection.execute(update(tables.conversation).where(rows.id == id).values(**values))
    audit.append(connection, key, [audit.line(actor, "conversation.hold" if reason else "conversation.release", str(id), "ok", now)])
    return True


# Everything


class Retention:
    """The job. `run` goes through all that is due; the service also calls `expire` as soon as a conversation's clock runs out."""

    def __init__(self, store: Store, terms: Terms | None = None) -> None:
        self._store, self._terms = store, terms or Terms()
        self.ran_at: datetime | None = None
        self._removed = False  # something, and the files may still have it
        self.late = 0  # conversations of which the term was over more than a day ago

    async def expire(self, id: UUID, now: datetime) -> Action:
        key = self._store.audit_key
        return await self._store.transact(lambda connection: expire(connection, key, id, now, self._terms))

    async def run(self, now: datetime, *, dry: bool = False) -> Counter[str]:
        """Works off everything that is due; what was done (or would be, if `dry`), by kind. Raises Unavailable."""
        done: Counter[str] = Counter()
        async for id in self._due(now):
            done[await self._expire(id, now, dry=dry)] += 1
        for name, work in self._others(now).items():
            for _ in range(BATCHES):
                removed = await self._batch(work, dry=dry)
                done[name] += removed
                if dry or removed < AT_ONCE:
                    break
        done.pop("nothing", None)
        if not dry:
            await self._finish(done, now)
        return +done

    async def _finish(self, done: Counter[str], now: datetime) -> None:
        self._removed = self._removed or any(done[kind] for kind in PERSONAL)
        if self._removed:
            self._removed = not await self._store.shrink()
        self.ran_at, self.late = now, await self._store.read(lambda connection: _late(connection, now))
        if self.late:
            log.warning("retention.late", conversations=self.late)
        log.info("retention.ran", **{name.replace(" ", "_"): count for name, count in sorted((+done).items())})

    async def _expire(self, id: UUID, now: datetime, *, dry: bool) -> Action:
        key = self._store.audit_key
        if dry:
            return await self._store.read(lambda connection: expire(connection, key, id, now, self._terms, dry=True))
        return await self.expire(id, now)

    async def _due(self, now: datetime) -> AsyncIterator[UUID]:
        """Page by page in the order in which it was due; what is put off or stays (another's timer) is not met twice."""
        rows = tables.conversation.c
        after: tuple[datetime, UUID] | None = None
        while True:
            beyond = [(rows.due_at > after[0]) | ((rows.due_at == after[0]) & (rows.id > after[1]))] if after else []
            query = select(rows.id, rows.due_at).where(rows.due_at <= now, *beyond).order_by(rows.due_at, rows.id).limit(AT_ONCE)
            page = await self._store.read(lambda connection, query=query: connection.execute(query).all())  # type: ignore[misc]
            for row in page:
                yield row.id
            if len(page) < AT_ONCE:
                return
            after = (page[-1].due_at, page[-1].id)

    async def _batch(self, work: Callable[[Connection], int], *, dry: bool) -> int:
        if not dry:
            return await self._store.transact(work)
        found = 0

        def look(connection: Connection) -> None:
            nonlocal found
            found = work(connection)
            raise DryRun

        with contextlib.suppress(DryRun):
            await self._store.transact(look)
        return found

    def _others(self, now: datetime) -> dict[str, Callable[[Connection], int]]:
        key, terms = self._store.audit_key, self._terms
        processed, used, sessions = tables.processing.c, tables.used_token.c, tables.staff_session.c
        return {
            "call-backs": lambda connection: _forget_callbacks(connection, now - terms.callback),
            "residents": lambda connection: forget_people(connection, now, at_most=AT_ONCE),
            "processing": lambda c: _forget(c, tables.processing, processed.id, processed.started_at < now - terms.processing),
            "audit": lambda connection: audit.clear(connection, key, now - terms.audit, now, AT_ONCE),
            "tokens": lambda c: _forget(c, tables.used_token, used.hash, used.expires_at < now),
            "sessions": lambda c: _forget(
                c, tables.staff_session, sessions.token_hash, func.coalesce(sessions.ended_at, sessions.seen_at) < now - SESSIONS_KEPT
            ),
        }


def _late(connection: Connection, now: datetime) -> int:
    """What is put off gets a later moment, so this is what nobody carried out."""
    rows = tables.conversation.c
    return connection.scalar(select(func.count()).where(rows.due_at <= now - LATE, rows.state == State.CLOSED)) or 0


def _forget_callbacks(connection: Connection, before: datetime) -> int:
    """Of those that were done or cancelled so long ago: the request, and the number that was given for it."""
    rows, owner = tables.callback.c, tables.conversation.c
    held = select(owner.id).where(owner.id == rows.conversation_id, owner.held_at.is_not(None)).exists()
    old = select(rows.id).where(rows.status.in_(("done", "cancelled")), rows.changed_at < before, ~held).limit(AT_ONCE)
    ids = list(connection.scalars(old))
    if ids:
        connection.execute(delete(tables.contact_detail).where(tables.contact_detail.c.id.in_(ids)))
        connection.execute(delete(tables.callback).where(rows.id.in_(ids)))
    return len(ids)


def _forget(connection: Connection, table: Any, id: Any, where: Any) -> int:
    ids = list(connection.scalars(select(id).where(where).limit(AT_ONCE)))
    if ids:
        connection.execute(delete(table).where(id.in_(ids)))
    return len(ids)
