"""Who asks for their own contacts: a known resident for a quarter of an hour, or whoever has a conversation's secret.

The secret opens its one conversation, and none that belongs to a known resident (SEC-13). A token of the municipality's
site counts once, so it is exchanged for a session, which is sealed with a key of ours and nowhere stored.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, select

from handover.channels.web.identity import Identities, NotIdentified
from handover.history import dossier, tables
from handover.history.people import People, Replayed
from handover.history.store import Store
from handover.staff.accounts import hashed

SESSION = timedelta(minutes=15)
PREFIX = "m1."  # of a session; the secret of a conversation has no dot
PERSON_BYTES, UNTIL_BYTES, NONCE_BYTES, SEAL_BYTES = 16, 8, 16, 32


class NoAccess(Exception):
    """`code`: "token" (not, or no longer, valid) or "identify" (a known resident's; log in first)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Access:
    """To these conversations, newest first."""

    person: UUID | None
    conversations: tuple[UUID, ...]

    @property
    def actor(self) -> str:
        return f"person:{self.person}" if self.person else "resident"


class Accesses:
    def __init__(self, store: Store, identities: Identities, people: People, now: Callable[[], datetime]) -> None:
        self._store, self._identities, self._people, self._now = store, identities, people, now
        self._key = hmac.digest(store.vault.lookup_key, b"mine session", hashlib.sha256)

    async def begin(self, token: str) -> tuple[str, datetime]:
        """A session for who the site's token names, and until when. Raises NoAccess or Unavailable."""
        try:
            known = await self._people.known(self._identities.read(token, self._now()), self._now())
        except (NotIdentified, Replayed):
            raise NoAccess("token") from None
        until = self._now() + SESSION
        body = known.person.bytes + int(until.timestamp()).to_bytes(UNTIL_BYTES) + secrets.token_bytes(NONCE_BYTES)
        sealed = body + hmac.digest(self._key, body, hashlib.sha256)
        return PREFIX + base64.urlsafe_b64encode(sealed).decode().rstrip("="), until

    async def of(self, token: str) -> Access:
        """Raises NoAccess or Unavailable."""
        if token.startswith(PREFIX):
            person = self._person(token)
            found = await self._store.read(lambda connection: dossier.of_person(connection, person))
            return Access(person, tuple(found))
        id = await self._store.by_token(hashed(token)) if token and len(token) <= 200 else None
        if id is None:
            raise NoAccess("token")
        if await self._store.read(lambda connection: _person_of(connection, id)):
            raise NoAccess("identify")
        return Access(None, (id,))

    def _person(self, token: str) -> UUID:
        try:
            sealed = base64.urlsafe_b64decode(token.removeprefix(PREFIX) + "=" * (-len(token.removeprefix(PREFIX)) % 4))
        except (binascii.Error, ValueError):
            raise NoAccess("token") from None
        body, seal = sealed[:-SEAL_BYTES], sealed[-SEAL_BYTES:]
        right = hmac.compare_digest(seal, hmac.digest(self._key, body, hashlib.sha256))
        if not right or len(body) != PERSON_BYTES + UNTIL_BYTES + NONCE_BYTES:
            raise NoAccess("token")
        until = int.from_bytes(body[PERSON_BYTES : PERSON_BYTES + UNTIL_BYTES])
        if datetime.fromtimestamp(until, UTC) <= self._now():
            raise NoAccess("token")
        return UUID(bytes=body[:PERSON_BYTES])


def _person_of(connection: Connection, id: UUID) -> UUID | None:
    found: UUID | None = connection.scalar(select(tables.conversation.c.person_id).where(tables.conversation.c.id == id))
    return found
