"""What is known of a resident's contacts: over every channel, newest first. The customer view of the console is made of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from handover.history import tables
from handover.history.people import PURPOSE
from handover.history.store import OPEN_CALLBACKS, Store

SHOWN_AT_MOST = 200  # contact moments in one view; the read API pages through all


@dataclass(frozen=True)
class CustomerView:
    """Rows of `segment` (newest first), of `callback` (oldest first), and what is known to reach somebody at.

    `details`: {"kind", "value", "source", "verified_at"}; without `verified_at` it is a clue and no proof.
    """

    moments: Sequence[Row[Any]]
    callbacks: Sequence[Row[Any]]
    details: list[dict[str, Any]]


class Contacts:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def view(self, conversation: UUID, person: UUID | None) -> CustomerView:
        """All of this person, if it is known who it is; else only what this very conversation says. Raises Unavailable.

        Left out is the contact moment of this conversation that is still open: it is what everybody is looking at.
        """
        return await self._store.read(lambda connection: self._view(connection, conversation, person))

    def _view(self, connection: Connection, conversation: UUID, person: UUID | None) -> CustomerView:
        rows = tables.segment.c
        whose = rows.person_id == person if person else rows.conversation_id == conversation
        here_and_now = (rows.conversation_id == conversation) & rows.ended_at.is_(None)
        moments = select(tables.segment).where(whose, ~here_and_now).order_by(rows.started_at.desc(), rows.number.desc())
        return CustomerView(
            connection.execute(moments.limit(SHOWN_AT_MOST)).all(),
            self._callbacks(connection, conversation, person),
            self._details(connection, conversation, person),
        )

    def _callbacks(self, connection: Connection, conversation: UUID, person: UUID | None) -> Sequence[Row[Any]]:
        """Everything that was asked for in this conversation, and what is still to be done of the person's others."""
        rows, others = tables.callback.c, tables.conversation.c
        found = list(connection.execute(select(tables.callback).where(rows.conversation_id == conversation)))
        if person:
            theirs = select(others.id).where(others.person_id == person, others.id != conversation)
            found += connection.execute(
                select(tables.callback).where(rows.conversation_id.in_(theirs), rows.status.in_(OPEN_CALLBACKS)).limit(SHOWN_AT_MOST)
            ).all()
        return sorted(found, key=lambda row: row.created_at)

    def _details(self, connection: Connection, conversation: UUID, person: UUID | None) -> list[dict[str, Any]]:
        known, given = tables.identity.c, tables.contact_detail.c
        vault, details = self._store.vault, []
        if person:
            verified = select(known.scheme, known.value, known.verified_at).where(known.person_id == person)
            details += [
                {"kind": row.scheme, "value": vault.decrypt(row.value, PURPOSE), "source": "session", "verified_at": row.verified_at}
                for row in connection.execute(verified.where(known.scheme.in_(("phone", "email"))))
            ]
        told = select(given.kind, given.value, given.source, given.verified_at).where(given.conversation_id == conversation)
        details += [
            {"kind": row.kind, "value": vault.decrypt(row.value, "contact_detail"), "source": row.source, "verified_at": row.verified_at}
            for row in connection.execute(told)
        ]
        return details
