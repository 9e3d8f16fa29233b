"""/gesprekken/v1: a conversation whole, which the standard has no place for: who took part, and every turn."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, select

from handover.channels.api.asked import Query
from handover.channels.api.klantinteracties import Klantinteracties
from handover.channels.api.problems import Problem
from handover.channels.api.shapes import Json, at
from handover.channels.wire import turn_for_resident, turn_for_staff
from handover.history import tables
from handover.history.klantcontacten import JOINED, KANALEN, TALEN
from handover.history.store import Store, turn_of

BASE = "/gesprekken/v1"
ROLES = {"resident": "inwoner", "bot": "assistent", "staff": "medewerker"}


class Gesprekken:
    def __init__(self, store: Store, klantinteracties: Klantinteracties) -> None:
        self._store, self._moments = store, klantinteracties

    async def one(self, id: UUID, only: UUID | None) -> tuple[Json, UUID | None]:
        """The conversation, and the person whose it is. Raises Problem (404) and Unavailable."""

        def read(connection: Connection) -> tuple[Json, UUID | None]:
            row = _find(connection, id, only)
            people = connection.execute(
                select(tables.participant).where(tables.participant.c.conversation_id == id).order_by(*JOINED)
            ).all()
            segments = connection.execute(
                select(tables.segment.c.id).where(tables.segment.c.conversation_id == id).order_by(tables.segment.c.number)
            )
            shown = {
                "uuid": str(id), "referentie": row.reference, "kanaal": KANALEN.get(row.body["channel"], row.body["channel"]),
                "taal": TALEN.get(row.body["language"], row.body["language"]), "status": row.state, "begonnenOp": at(row.created_at),
                "geslotenOp": at(row.closed_at), "eindReden": row.body.get("end_reason"), "aantalBeurten": row.body.get("pos", 0),
                "deelnemers": [
                    {"soort": ROLES[one.kind], "naam": one.name, "begonnenOp": at(one.joined_at), "geeindigdOp": at(one.left_at)}
                    for one in people
                ],
                "klantcontacten": [self._moments.shapes.link("klantcontacten", one.id) for one in segments],
            }  # fmt: skip
            return shown, row.person_id

        return await self._store.read(read)

    async def turns(self, id: UUID, query: Query, only: UUID | None) -> tuple[Json, UUID | None]:
        """A page of its turns, in order; to a resident what the resident was shown. Raises Problem (404) and Unavailable."""

        def read(connection: Connection) -> tuple[int, list[Json], UUID | None]:
            row = _find(connection, id, only)
            rows = tables.turn.c
            where = (rows.conversation_id == id, *([rows.seq.is_not(None)] if only else []))
            count = connection.scalar(select(func.count()).select_from(tables.turn).where(*where)) or 0
            page = select(tables.turn).where(*where).order_by(rows.pos).limit(query.size).offset((query.page - 1) * query.size)
            shape: Any = turn_for_resident if only else turn_for_staff
            return count, [shape(turn_of(one)) for one in connection.execute(page)], row.person_id

        count, shown, person = await self._store.read(read)
        return self._moments.listed(f"{id}/beurten", query, count, shown, BASE), person


def _find(connection: Connection, id: UUID, only: UUID | None) -> Any:
    """Somebody else's is not there, for who may see their own alone. Raises Problem."""
    row = connection.execute(select(tables.conversation).where(tables.conversation.c.id == id)).one_or_none()
    if row is None or (only and row.person_id != only):
        raise Problem(404)
    return row
