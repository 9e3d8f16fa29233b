"""What a register is told of a segment: read when it is sent, so that the outbox holds nothing of anybody."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from handover.conversation.conversation import Insert, Step, Update
from handover.conversation.segments import Segment
from handover.history import tables
from handover.history.outbox import item
from handover.history.people import PURPOSE
from handover.history.store import Store
from handover.history.vault import VaultError
from handover.registers.register import Callback, Contact, Employee

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
        rows = tables.segment
        async with self.store.reading() as connection:
            row = (await connection.execute(select(rows).where(rows.c.id == segment))).mappings().first()
            if row is None:
                return None
            of_it = tables.conversation.c.id == row["conversation_id"]
            body: dict[str, Any] = await connection.scalar(select(tables.conversation.c.body).where(of_it)) or {}
            turn = tables.turn.c
            within = (turn.conversation_id == row["conversation_id"]) & turn.pos.between(row["from_pos"], row["to_pos"])
            open_end = (turn.conversation_id == row["conversation_id"]) & (turn.pos >= row["from_pos"])
            said = list(
                await connection.execute(
                    select(turn.author, turn.note, turn.suppressed, turn.data).where(within if row["ended_at"] else open_end)
                )
            )
            people = await _mappings(connection, tables.participant, row["conversation_id"])
            asked = await _mappings(connection, tables.handover, row["conversation_id"])
            calls = await _mappings(connection, tables.callback, row["conversation_id"])
            staff = {one.id: one for one in await connection.execute(select(tables.staff.c.id, tables.staff.c.name, tables.staff.c.login))}
        writers = {UUID(turn.data["author_id"]) for turn in said if turn.author == "staff" and "author_id" in turn.data}
        names = {one["name"] for one in people if one["kind"] == "staff"}
        theirs = not (row["ended_at"] and row["by"] and row["by"] not in names)
        took_part = [
            one["staff_id"] for one in people if one["kind"] == "staff" and (one["staff_id"] in writers or (theirs and _then(one, row)))
        ]
        known = {one["staff_id"]: one["name"] for one in people if one["kind"] == "staff"}
        employees = tuple(
            Employee(id, staff[id].name if id in staff else known[id], staff[id].login if id in staff else "")
            for id in dict.fromkeys(took_part)
        )
        handed_over = bool(employees) or any(_asked_within(one["asked_at"], row) for one in asked)
        recorded = body.get("end_reason") == "recorded"
        last = row["number"] == body.get("segments", 0)
        return Contact(
            id=row["id"], conversation=row["conversation_id"], number=row["number"], reference=row["reference"], channel=row["channel"],
            language=body.get("language", "nl"), subject=row["subject"], started_at=row["started_at"], topic=row["topic"],
            upl_uri=row["upl_uri"], ended_at=row["ended_at"], question=row["question"], summary=row["summary"], answer=row["answer"],
            outcome=row["outcome"], end_reason=body.get("end_reason") if last else None,
            turns=sum(not turn.note and not turn.suppressed for turn in said), person=row["person_id"],
            by_bot=not recorded and (not employees or any(turn.author == "bot" for turn in said)), employees=employees,
            handed_over=handed_over, team=body.get("team") or self.team_for(row["topic"]),
            callbacks=tuple(_callback(one, self.team_for) for one in calls if one["segment_id"] == row["id"]),
        )  # fmt: skip

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


async def _mappings(connection: Any, table: Any, conversation: UUID) -> list[dict[str, Any]]:
    query = select(table).where(table.c.conversation_id == conversation)
    rows = [dict(row) for row in (await connection.execute(query)).mappings()]
    return sorted(rows, key=lambda row: str(row.get("joined_at") or row.get("asked_at") or row.get("created_at")))


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
