"""What is deleted here must be deleted with all that belongs to it, and in the registers that were told of it."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select

from handover.history import tables

JUST_NOW = timedelta(hours=1)


def tell_registers(connection: Connection, conversation: UUID, at: datetime) -> None:
    """Stores, in the transaction that deletes a conversation, an item for each contact moment that a register may have."""
    segments = connection.execute(
        select(tables.segment.c.id, tables.segment.c.number).where(tables.segment.c.conversation_id == conversation)
    ).all()
    ids = {str(row.id): row for row in segments}
    link = tables.register_link.c
    linked = connection.scalars(select(link.local_id).where(link.local_type == "klantcontact", link.local_id.in_(list(ids)))).all()
    for segment in {ids[id] for id in linked}:
        connection.execute(
            insert(tables.outbox).values(
                conversation_id=conversation, number=segment.number, segment_id=segment.id, kind="delete", payload={}, state="waiting",
                tries=0, next_at=at, error=None, created_at=at,
            )
        )  # fmt: skip


def remove(connection: Connection, conversation: UUID, at: datetime) -> None:
    """Deletes a conversation. What refers to it goes with it; the resident too, if it was all that there was of them."""
    rows = tables.conversation.c
    person = connection.scalar(select(rows.person_id).where(rows.id == conversation))
    tell_registers(connection, conversation, at)
    connection.execute(delete(tables.conversation).where(rows.id == conversation))
    if person:
        forget_people(connection, at, person)


def forget_people(
    connection: Connection, at: datetime, person: UUID | None = None, at_most: int = 500, *, also_lately: bool = False
) -> int:
    """Deletes residents (or this one) of whom nothing is left, and by what they were known; returns how many.

    Not those who have just proved who they are (unless `also_lately`): their conversation may be on its way.
    """
    who, left, known = tables.person.c, tables.conversation, tables.identity.c
    something_left = select(left.c.id).where(left.c.person_id == who.id).exists()
    lately = select(known.id).where(known.person_id == who.id, known.verified_at > at - JUST_NOW).exists()
    where = [who.id == person] if person else [who.created_at < at - JUST_NOW]
    gone = list(
        connection.scalars(
            select(who.id).where(*where, ~something_left, *([] if also_lately else [~lately])).order_by(who.id).limit(at_most)
        )
    )
    if gone:
        connection.execute(delete(tables.person).where(who.id.in_(gone)))
    return len(gone)
