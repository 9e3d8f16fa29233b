"""What is known of a resident's contacts: over every channel, newest first. The customer view of the console is made of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Uuid,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    union_all,
)  # fmt: skip

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
        given = {"conversation": conversation, "person": person}
        moments, callbacks = (_OF_PERSON, _CALLBACKS_OF_PERSON) if person else (_OF_CONVERSATION, _CALLBACKS)
        return CustomerView(
            connection.execute(moments, given).all(),
            connection.execute(callbacks, given).all(),
            [
                {"kind": row.kind, "value": self._store.vault.decrypt(row.value, row.purpose), "source": row.source,
                 "verified_at": row.verified_at}
                for row in connection.execute(_DETAILS_OF_PERSON if person else _DETAILS, given)
            ],
        )  # fmt: skip


# Made once: building a statement anew takes longer than carrying it out.

_s, _c, _d, _i, _talks = tables.segment.c, tables.callback.c, tables.contact_detail.c, tables.identity.c, tables.conversation.c
_PERSON, _CONVERSATION = bindparam("person", type_=Uuid()), bindparam("conversation", type_=Uuid())


def _moments(whose: ColumnElement[bool]) -> Select[Any]:
    here_and_now = (_s.conversation_id == _CONVERSATION) & _s.ended_at.is_(None)
    return select(tables.segment).where(whose, ~here_and_now).order_by(_s.started_at.desc(), _s.number.desc()).limit(SHOWN_AT_MOST)


_OF_PERSON, _OF_CONVERSATION = _moments(_s.person_id == _PERSON), _moments(_s.conversation_id == _CONVERSATION)

_HERE = _c.conversation_id == _CONVERSATION
_ELSEWHERE = and_(
    _c.conversation_id.in_(select(_talks.id).where(_talks.person_id == _PERSON)),
    # by way of the person's conversations, not of all call-backs that anybody waits for: a function keeps that index out of it
    func.coalesce(_c.status, "").in_(OPEN_CALLBACKS),
)
_CALLBACKS = select(tables.callback).where(_HERE).order_by(_c.created_at).limit(SHOWN_AT_MOST)
_CALLBACKS_OF_PERSON = select(tables.callback).where(or_(_HERE, _ELSEWHERE)).order_by(_c.created_at).limit(SHOWN_AT_MOST)

_DETAILS = select(_d.kind, _d.value, _d.source, _d.verified_at, literal("contact_detail").label("purpose")).where(
    _d.conversation_id == _CONVERSATION
)
_DETAILS_OF_PERSON = union_all(
    select(_i.scheme.label("kind"), _i.value, literal("session").label("source"), _i.verified_at, literal(PURPOSE).label("purpose")).where(
        _i.person_id == _PERSON, _i.scheme.in_(("phone", "email"))
    ),
    _DETAILS,
)
