"""Who is known: a person by what somebody vouched for. What is only typed or displayed never makes or joins a person."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from handover.conversation.events import Identity
from handover.history import tables
from handover.history.store import Conflict, Store
from handover.history.vault import Scheme
from handover.ids import uuid7

PURPOSE = "identity"


class Replayed(Exception):
    """This token was used before (SEC-13: once)."""


@dataclass(frozen=True)
class Verified:
    """What a token of the municipality's site says. `also`: verified addresses of the same person."""

    scheme: Scheme
    value: str
    level: str
    token_hash: bytes
    expires_at: datetime
    also: tuple[tuple[Scheme, str], ...] = ()


class People:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def known(self, who: Verified, now: datetime) -> Identity:
        """The person, made if nobody knew them; uses up the token. Raises Replayed or Unavailable."""
        for _ in range(3):  # two processes may make the same person at the same time; the second finds it
            try:
                person = await self._store.transact(lambda connection: self._known(connection, who, now))
                return Identity(person, who.level, now)
            except Conflict:
                continue
        raise Replayed

    def _known(self, connection: Connection, who: Verified, now: datetime) -> UUID:
        used = tables.used_token
        connection.execute(delete(used).where(used.c.expires_at < now))
        if connection.scalar(select(used.c.hash).where(used.c.hash == who.token_hash)) is not None:
            raise Replayed
        connection.execute(insert(used).values(hash=who.token_hash, expires_at=who.expires_at))
        person = self._find(connection, who.scheme, who.value)
        if person is None:
            person = uuid7(now)
            connection.execute(insert(tables.person).values(id=person, created_at=now))
        if self._attach(connection, person, who.scheme, who.value, who.level, now) != person:
            raise Conflict  # another process made them between the look and this
        for scheme, value in who.also:
            self._attach(connection, person, scheme, value, who.level, now)
        return person

    async def register(self, numbers: list[tuple[Scheme, str]], now: datetime) -> UUID:
        """A new person with these numbers, as another system knows them. Raises Conflict if somebody has one of them, or Unavailable."""

        def make(connection: Connection) -> UUID:
            if any(self._find(connection, scheme, value) for scheme, value in numbers):
                raise Conflict
            person = uuid7(now)
            connection.execute(insert(tables.person).values(id=person, created_at=now))
            for scheme, value in numbers:
                self._attach(connection, person, scheme, value, "registratie", now)
            return person

        return await self._store.transact(make)

    def _find(self, connection: Connection, scheme: Scheme, value: str) -> UUID | None:
        rows = tables.identity.c
        where = (rows.scheme == scheme) & (rows.lookup == self._store.vault.lookup(scheme, value))
        found: UUID | None = connection.scalar(select(rows.person_id).where(where))
        return found

    def _attach(self, connection: Connection, person: UUID, scheme: Scheme, value: str, level: str, now: datetime) -> UUID:
        """Whose it is now. An address that is somebody else's stays theirs: a shared mailbox does not make two people one."""
        holder = self._find(connection, scheme, value)
        rows, lookup = tables.identity, self._store.vault.lookup(scheme, value)
        if holder is None:
            sealed = self._store.vault.encrypt(value, PURPOSE)
            values = {"id": uuid7(now), "person_id": person, "scheme": scheme, "lookup": lookup, "value": sealed}
            connection.execute(insert(rows).values(**values, level=level, verified_at=now))
            return person
        if holder == person:
            connection.execute(update(rows).where(rows.c.scheme == scheme, rows.c.lookup == lookup).values(level=level, verified_at=now))
        return holder
