"""What a register is told of a segment: read when it is sent, so that the outbox holds nothing of anybody."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from handover.conversation.conversation import Insert, Step, Update
from handover.conversation.segments import Segment
from handover.history import tables
from handover.history.outbox import item
from handover.history.people import PURPOSE
from handover.history.store import Store
from handover.history.vault import VaultError
from handover.registers.register import About, Callback, Contact, Employee

UNREAL = ("cancelled",)  # a call-back that nobody waits for any more


def told_by(step: Step, at: datetime) -> list[Insert | Update]:
    """The outbox items of a step: a segment that ends, is handed over, gets a colleague or a call-back. For `Performer.beside`."""
    kinds = [(record.table, isinstance(record, Insert), record.values) for record in step.records]
    handed_over = any(table == "handover" and new for table, new, _ in kinds)
    joined = any(table == "participant" and new and values["kind"] == "staff" for table, new, values in kinds)
    callback = any(table == "callback" and values.get("status") in ("open", "cancelled") for table, _, values in kinds)
    told: dict[UUID, tuple[Segment, str]] = {segment.id: (segment, "klantcontact") for segment in step.segments if segment.ended_at}
    now = step.after.segment
    if now and now.id not in told and (handed_over or joined or callback):
        told[now.id] = (now, "klantcontact" if handed_over else "actor" if joined else "callback")
    return [item(step.after.id, segment.number, segment.id, kind, at) for segment, kind in told.values()]


@dataclass(frozen=True)
class Told:
    """`team_for`: who knows a topic, for a call-back that no team was named for."""

    store: Store
    team_for: Callable[[str | None], str]

    async def contact(self, segment: UUID) -> Contact | None:
        """None if it was deleted. Raises Unavailable."""
        async with self.store.reading() as connection:
            read = await _read(connection, segment)
        return self._contact(read) if read else None

    def _contact(self, read: "_Read") -> Contact:
        row, body, recorded = read.segment, read.body, read.body.get("end_reason") == "recorded"
        employees = _employees(read, recorded=recorded)
        last = row["number"] == body.get("segments", 0)
        return Contact(
            id=row["id"], conversation=row["conversation_id"], number=row["number"], reference=row["reference"], channel=row["channel"],
            language=body.get("language", "nl"), subject=row["subject"], started_at=row["started_at"], topic=row["topic"],
            upl_uri=row["upl_uri"], ended_at=row["ended_at"], question=row["question"], summary=row["summary"], answer=row["answer"],
            outcome=row["outcome"], end_reason=body.get("end_reason") if last else None,
            turns=sum(not turn.note and not turn.suppressed for turn in read.turns), person=row["person_id"],
            by_bot=not recorded and (not employees or any(turn.author == "bot" for turn in read.turns)), employees=employees,
            handed_over=not recorded and (bool(employees) or any(_asked_within(one["asked_at"], row) for one in read.handovers)),
            team=body.get("team") or self.team_for(row["topic"]), name=self._name(read.details), about=read.about,
            confidential=bool((row["data"] or {}).get("vertrouwelijk")),
            callbacks=tuple(_callback(one, self.team_for) for one in read.callbacks if one["segment_id"] == row["id"]),
        )  # fmt: skip

    def _name(self, details: list[dict[str, Any]]) -> str | None:
        """As somebody wrote it down."""
        sealed = next((one["value"] for one in details if one["kind"] == "name"), None)
        try:
            return self.store.vault.decrypt(sealed, "contact_detail") if sealed else None
        except VaultError:
            return None

    async def bsn_of(self, person: UUID) -> str | None:
        """For the one look-up that needs it. Raises Unavailable."""
        rows = tables.identity.c
        async with self.store.reading() as connection:
            sealed = await connection.scalar(select(rows.value).where(rows.person_id == person, rows.scheme == "bsn"))
        try:
            return self.store.vault.decrypt(sealed, PURPOSE) if sealed else None
        except VaultError:
            return None

    async def closed_since(self, moment: datetime, until: datetime, at_most: int = 5000) -> list[UUID]:
        """Segments that ended in this time, oldest first."""
        rows = tables.segment.c
        query = select(rows.id).where(rows.ended_at >= moment, rows.ended_at < until).order_by(rows.ended_at).limit(at_most)
        async with self.store.reading() as connection:
            return list(await connection.scalars(query))


@dataclass(frozen=True)
class _Read:
    segment: Mapping[Any, Any]
    body: dict[str, Any]  # the conversation's
    turns: Sequence[Any]  # of the segment: author, note, suppressed, data
    people: list[dict[str, Any]]  # here and below: of the conversation, in order of time
    handovers: list[dict[str, Any]]
    callbacks: list[dict[str, Any]]
    details: list[dict[str, Any]]
    about: tuple[About, ...]
    staff: dict[UUID, tuple[str, str]]  # name and login


async def _read(connection: AsyncConnection, segment: UUID) -> _Read | None:
    row = (await connection.execute(select(tables.segment).where(tables.segment.c.id == segment))).mappings().first()
    if row is None:
        return None
    conversation, turn = row["conversation_id"], tables.turn.c
    body = await connection.scalar(select(tables.conversation.c.body).where(tables.conversation.c.id == conversation))
    until = [turn.pos <= row["to_pos"]] if row["ended_at"] else []
    turns = select(turn.author, turn.note, turn.suppressed, turn.data).where(
        turn.conversation_id == conversation, turn.pos >= row["from_pos"], *until
    )
    people = await _of(connection, tables.participant, conversation, "joined_at")
    objects, staff = tables.subject_object, tables.staff.c
    about = await connection.execute(select(objects).where(objects.c.segment_id == segment).order_by(objects.c.id))
    accounts = select(staff.id, staff.name, staff.login).where(staff.id.in_([one["staff_id"] for one in people if one["staff_id"]]))
    return _Read(
        segment=row, body=body or {}, turns=(await connection.execute(turns)).all(), people=people,
        handovers=await _of(connection, tables.handover, conversation, "asked_at"),
        callbacks=await _of(connection, tables.callback, conversation, "created_at"),
        details=await _of(connection, tables.contact_detail, conversation, "id"),
        about=tuple(About(one.object_id, one.code_objecttype, one.code_register, one.code_soort_object_id) for one in about),
        staff={one.id: (one.name, one.login) for one in await connection.execute(accounts)},
    )  # fmt: skip


async def _of(connection: AsyncConnection, table: Table, conversation: UUID, order: str) -> list[dict[str, Any]]:
    query = select(table).where(table.c.conversation_id == conversation).order_by(table.c[order])
    return [dict(row) for row in (await connection.execute(query)).mappings()]


def _employees(read: _Read, *, recorded: bool) -> tuple[Employee, ...]:
    """Who wrote in it, or had the conversation while it lasted; not those who came after what only the bot answered."""
    people = [one for one in read.people if one["kind"] == "staff"]
    writers = {UUID(turn.data["author_id"]) for turn in read.turns if turn.author == "staff" and "author_id" in turn.data}
    row = read.segment
    by_somebody_else = row["ended_at"] and row["by"] and row["by"] not in {one["name"] for one in people}
    there = [one for one in people if one["staff_id"] in writers or (not by_somebody_else and (recorded or _then(one, row)))]
    known = {one["staff_id"]: read.staff.get(one["staff_id"], (one["name"], "")) for one in there}
    return tuple(Employee(id, *name_and_login) for id, name_and_login in known.items())


def _then(participant: dict[str, Any], segment: Any) -> bool:
    """Whether they were there while it lasted. One that is told at the wrap-up only begins and ends at one moment."""
    start, end, left = segment["started_at"], segment["ended_at"], participant["left_at"]
    if start == end:
        return bool(participant["joined_at"] <= end and (left is None or left >= start))
    return bool((end is None or participant["joined_at"] < end) and (left is None or left > start))


def _asked_within(asked_at: datetime, segment: Any) -> bool:
    return bool(segment["started_at"] <= asked_at and (segment["ended_at"] is None or asked_at < segment["ended_at"]))


def _callback(row: dict[str, Any], team_for: Callable[[str | None], str]) -> Callback:
    return Callback(
        id=row["id"], team=row["team"] or team_for(row["topic"]), phone=row["phone"], name=row["name"],
        done=row["status"] in ("done", *UNREAL), wanted=row["status"] not in UNREAL, note=row["question"],
    )  # fmt: skip
