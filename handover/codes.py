"""One-time codes: with one, a call goes on in the chat, or a chat by telephone.

Eight digits, good for ten minutes and for one use; the newest one of a conversation is the only one. A wrong, a used
and an old code get the same answer. Guessing is limited for each guesser, and for all of them together.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Literal
from uuid import UUID

from handover.conversation.calls import CODE_DIGITS
from handover.conversation.conversation import Insert
from handover.conversation.states import CODE_VALID
from handover.history.store import Conflict, Store
from handover.ids import uuid7
from handover.staff.accounts import Throttle

Purpose = Literal["web", "phone"]
WRONG_EACH, WRONG_ALL, WITHIN = 5, 100, 600.0  # of one guesser, of all of them, in seconds


class Throttled(Exception):
    """Too many wrong codes; try later."""


def code_hash(code: str, purpose: Purpose) -> bytes:
    """Eight digits can be tried out: what protects a code in the database is that it is gone in ten minutes."""
    return hashlib.sha256(f"{purpose}:{code}".encode()).digest()


class Codes:
    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store, self._now = store, now
        self._each, self._all = Throttle(WRONG_EACH, WITHIN), Throttle(WRONG_ALL, WITHIN)

    async def make(self, conversation: UUID, purpose: Purpose) -> str:
        """A fresh code; the former ones of this conversation hold no more. Raises Unavailable."""
        await self._store.drop_codes(conversation, purpose)
        now = self._now()
        while True:
            code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
            values = {"id": uuid7(now), "conversation_id": conversation, "purpose": purpose, "code_hash": code_hash(code, purpose),
                      "expires_at": now + CODE_VALID, "token_hash": None}  # fmt: skip
            try:
                await self._store.write(Insert("code", values))
            except Conflict:
                continue
            return code

    async def redeem(self, code: str, purpose: Purpose, who: str, token_hash: bytes | None = None) -> UUID | None:
        """The conversation that `code` is for, once. `who`: what guesses are counted by. Raises Throttled, Unavailable."""
        if not (self._each.allows(who) and self._all.allows(purpose)):
            raise Throttled
        self._each.tried(who)  # before it is looked up: many at once must not all get through
        self._all.tried(purpose)
        digits = "".join(char for char in code if char in "0123456789")
        found = await self._store.redeem(code_hash(digits, purpose), purpose, self._now(), token_hash)
        if found:
            self._each.succeeded(who)
            self._all.succeeded(purpose)
        return found
