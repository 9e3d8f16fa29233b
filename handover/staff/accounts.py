"""Staff accounts and their sessions. Passwords as argon2id, session tokens stored hashed only."""

import asyncio
import functools
import hashlib
import secrets
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast, get_args
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from handover.conversation.conversation import Insert, Update
from handover.history.store import Conflict, Store
from handover.ids import uuid7

Role = Literal["medewerker", "teamleider", "redacteur", "beheerder"]
ROLES: tuple[str, ...] = get_args(Role)
MAY_TALK = ("medewerker", "teamleider")  # the others have no business in conversations (PRV-9)
IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=8)
PASSWORD_AT_LEAST = 8

_hasher = PasswordHasher()


class AccountError(Exception):
    """One line that says what is wrong and what to do."""


@dataclass(frozen=True)
class Member:
    staff: UUID
    name: str
    role: Role
    teams: tuple[str, ...]
    language: str
    session: bytes  # the hash of the token this was proved with


@functools.cache
def _nobody() -> str:
    """What the password of an unknown name is checked against: it takes as long as a wrong one."""
    return _hasher.hash(secrets.token_hex(16))


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


class Accounts:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._hashing = asyncio.Semaphore(2)  # each takes 64 MiB and a core for some 50 ms

    async def warm_up(self) -> None:
        """Makes what unknown names are checked against, so that the first of them takes no longer than the others."""
        await asyncio.to_thread(_nobody)

    async def add(self, name: str, password: str, role: str, teams: list[str], now: datetime, language: str = "nl") -> None:
        """Raises AccountError."""
        if not name.strip() or len(name) > 100:
            raise AccountError("the name should have 1 to 100 characters")
        if role not in ROLES:
            raise AccountError(f"the role '{role}' should be one of {', '.join(ROLES)}")
        if len(password) < PASSWORD_AT_LEAST:
            raise AccountError(f"the password should have {PASSWORD_AT_LEAST} characters at least")
        values = {
            "id": uuid7(now), "name": name.strip(), "login": _login(name), "password_hash": await self._hash(password), "role": role,
            "teams": sorted({team.strip().lower() for team in teams}), "language": language, "disabled_at": None, "created_at": now,
        }  # fmt: skip
        try:
            await self._store.write(Insert("staff", values))
        except Conflict:
            raise AccountError(f"there is an account '{name}' already; 'wegwijs staff set' changes it") from None

    async def change(self, name: str, **values: object) -> None:
        """Sets columns of the account (role, teams, disabled_at, language) or a new `password`. Raises AccountError."""
        found = await self._store.staff(login=_login(name))
        if not found:
            raise AccountError(f"there is no account '{name}'")
        if password := values.pop("password", None):
            if len(str(password)) < PASSWORD_AT_LEAST:
                raise AccountError(f"the password should have {PASSWORD_AT_LEAST} characters at least")
            values["password_hash"] = await self._hash(str(password))
            await self._store.end_sessions(found["id"], datetime.now(UTC))  # whoever knew the old one is out
        await self._store.write(Update("staff", found["id"], values))

    async def everybody(self) -> list[dict[str, Any]]:
        """All accounts, by name."""
        return await self._store.all_staff()

    async def log_in(self, name: str, password: str, now: datetime) -> str | None:
        """A new session's token, or None: wrong name, wrong password or a disabled account, which take equally long."""
        found = await self._store.staff(login=_login(name))
        right = await self._verify(found["password_hash"] if found else None, password)
        if not found or not right or found["disabled_at"]:
            return None
        token = secrets.token_urlsafe(32)
        session = {"token_hash": hashed(token), "staff_id": found["id"], "created_at": now, "seen_at": now, "ended_at": None}
        await self._store.write(Insert("staff_session", session))
        return token

    async def member(self, token: str, now: datetime) -> Member | None:
        """Who this cookie is, if the session still holds."""
        return await self.member_of(hashed(token), now)

    async def member_of(self, session: bytes, now: datetime) -> Member | None:
        return (await self.members_of([session], now)).get(session)

    async def members_of(self, sessions: list[bytes], now: datetime) -> dict[bytes, Member]:
        """Who each of these sessions is; those that hold no more are left out."""
        found = await self._store.sessions(sessions) if sessions else []
        return {row["token_hash"]: _member(row) for row in found if _holds(row, now)}

    async def log_out(self, session: bytes, now: datetime) -> None:
        await self._store.end_session(session, now)

    async def _hash(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(_hasher.hash, password)

    async def _verify(self, against: str | None, password: str) -> bool:
        async with self._hashing:
            return await asyncio.to_thread(_verify, against, password)


def _holds(session: dict[str, Any], now: datetime) -> bool:
    if session["ended_at"] or session["disabled_at"]:
        return False
    return bool(now - session["seen_at"] <= IDLE and now - session["began_at"] <= ABSOLUTE)


def _member(row: dict[str, Any]) -> Member:
    return Member(row["id"], row["name"], cast(Role, row["role"]), tuple(row["teams"]), row["language"], row["token_hash"])


def _verify(against: str | None, password: str) -> bool:
    try:
        return _hasher.verify(against or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False


def _login(name: str) -> str:
    return name.strip().casefold()


class Throttle:
    """Counts tries under a key that did not succeed; says no after `most` within `window` seconds."""

    AT_MOST = 10_000  # keys: an attacker with many names must not fill the memory

    def __init__(self, most: int, window: float) -> None:
        self._most, self._window = most, window
        self._tries: dict[str, deque[float]] = {}

    def allows(self, key: str) -> bool:
        times = self._tries.get(key, deque())
        while times and times[0] < time.monotonic() - self._window:
            times.popleft()
        if not times:
            self._tries.pop(key, None)
        return len(times) < self._most

    def tried(self, key: str) -> None:
        self._tries.setdefault(key, deque()).append(time.monotonic())
        if len(self._tries) > self.AT_MOST:
            self._tries.pop(next(iter(self._tries)))

    def succeeded(self, key: str) -> None:
        """Takes the last try back; failures before it still count."""
        if times := self._tries.get(key):
            times.pop()
