"""What is deleted here must be deleted in the registers that were told of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select

from handover.history import tables


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
