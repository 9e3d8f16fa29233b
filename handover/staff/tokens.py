"""Tokens of other systems that read or write contact moments. Stored as hashes; each has scopes, and may end."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from handover.conversation.conversation import Insert, Update
from handover.history import tables
from handover.history.store import Conflict, Store
from handover.ids import uuid7
from handover.staff.accounts import AccountError, hashed

READ, WRITE, TURNS = "klantinteracties:lezen", "klantinteracties:schrijven", "gesprekken:lezen"
SCOPES = (READ, WRITE, TURNS)
TOKEN_BYTES = 20  # forty characters, as registers of this kind have them


@dataclass(frozen=True)
class ApiToken:
    id: UUID
    name: str
    scopes: frozenset[str]


class ApiTokens:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, name: str, scopes: list[str], now: datetime, days: int | None = None) -> str:
        """The token, which is shown this once. Raises AccountError."""
        if not name.strip() or len(name) > 100:
            raise AccountError("the name should have 1 to 100 characters")
        wrong = [scope for scope in scopes if scope not in SCOPES]
        if wrong or not scopes:
            raise AccountError(f"the scope '{wrong[0] if wrong else ''}' should be one of {', '.join(SCOPES)}")
        if days is not None and days < 1:
            raise AccountError("--days should be 1 or more")
        token = secrets.token_hex(TOKEN_BYTES)
        values = {
            "id": uuid7(now), "name": name.strip(), "token_hash": hashed(token), "scopes": sorted(set(scopes)), "created_at": now,
            "expires_at": now + timedelta(days=days) if days else None, "disabled_at": None,
        }  # fmt: skip
        try:
            await self._store.write(Insert("api_token", values))
        except Conflict:
            raise AccountError(f"there is a token '{name}' already; 'wegwijs token revoke' ends it, then choose another name") from None
        return token

    async def everything(self) -> list[dict[str, Any]]:
        """All tokens, by name, without what they are."""
        return await self._store.rows(tables.api_token.select().order_by(tables.api_token.c.name))

    async def revoke(self, name: str, now: datetime) -> None:
        """Ends it at once. Raises AccountError."""
        found = next((row for row in await self.everything() if row["name"] == name and row["disabled_at"] is None), None)
        if not found:
            raise AccountError(f"there is no token '{name}' that still works")
        await self._store.write(Update("api_token", found["id"], {"disabled_at": now}))

    async def whose(self, token: str, now: datetime) -> ApiToken | None:
        rows = tables.api_token.c
        found = next(iter(await self._store.rows(tables.api_token.select().where(rows.token_hash == hashed(token)))), None)
        if not found or found["disabled_at"] or (found["expires_at"] and found["expires_at"] <= now):
            return None
        return ApiToken(found["id"], found["name"], frozenset(found["scopes"]))
