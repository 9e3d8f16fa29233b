"""The store's queries for calls: which conversation a call is, what it was answered, codes, and who a ringing call is."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from handover.history import tables


class CallRow(NamedTuple):
    id: UUID
    conversation: UUID
    ended: bool


class CallQueries:
    """Part of Store."""

    def _reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        raise NotImplementedError

    async def _change[T](self, work: Callable[[Connection], T]) -> T:
        raise NotImplementedError

    async def call(self, key: str) -> CallRow | None:
        rows = tables.call.c
        async with self._reading() as connection:
            found = (await connection.execute(select(rows.id, rows.conversation_id, rows.ended_at).where(rows.key == key))).first()
            return CallRow(found[0], found[1], found[2] is not None) if found else None

    async def call_reply(self, call: UUID, event: str) -> str | None:
        """What this event was answered, if it came before."""
        rows = tables.call_reply.c
        async with self._reading() as connection:
            found: str | None = await connection.scalar(select(rows.reply).where(rows.call_id == call, rows.event == event))
            return found

    async def last_reply(self, call: UUID) -> datetime | None:
        """When the last of its events was answered."""
        rows = tables.call_reply.c
        async with self._reading() as connection:
            found: datetime | None = await connection.scalar(select(func.max(rows.at)).where(rows.call_id == call))
            return found

    async def forget_replies(self, before: datetime) -> None:
        """And codes that nobody can use any more, unless a chat goes on with what they were given for."""
        codes = tables.code.c

        def work(connection: Connection) -> None:
            connection.execute(delete(tables.call_reply).where(tables.call_reply.c.at < before))
            connection.execute(delete(tables.code).where(codes.expires_at < before, codes.token_hash.is_(None)))

        await self._change(work)

    async def redeem(self, code_hash: bytes, purpose: str, now: datetime, token_hash: bytes | None = None) -> UUID | None:
        """The conversation that this code is for; of any number of tries at once exactly one gets it."""
        rows = tables.code

        def work(connection: Connection) -> UUID | None:
            where = (rows.c.code_hash == code_hash, rows.c.purpose == purpose, rows.c.expires_at > now)
            used = update(rows).where(*where).values(code_hash=None, token_hash=token_hash).returning(rows.c.conversation_id)
            found: UUID | None = connection.scalar(used)
            return found

        return await self._change(work)

    async def drop_codes(self, conversation: UUID, purpose: str) -> None:
        """Those that were not used: the newest one is the only one."""
        rows = tables.code.c
        where = (rows.conversation_id == conversation, rows.purpose == purpose, rows.code_hash.is_not(None))
        await self._change(lambda connection: connection.execute(delete(tables.code).where(*where)))

    async def ringing(self, code: str | None, number: str | None, now: datetime, fresh: timedelta) -> dict[str, Any] | None:
        """The newest handover of this code; or the open one of this number, if it is no older than `fresh`."""
        rows = tables.handover.c
        by_number = (rows.number == number) & rows.ended_at.is_(None) & (rows.asked_at >= now - fresh)
        where = or_(*([rows.code == code] if code else []), *([by_number] if number else []))
        query = select(tables.handover).where(where).order_by(rows.asked_at.desc()).limit(1)
        async with self._reading() as connection:
            found = (await connection.execute(query)).mappings().first()
            return dict(found) if found else None
