"""Sends what waits in the outbox to one register. Nothing of the dialogue waits for it; it may die at any moment.

| what a call came to | what follows |
| --- | --- |
| no answer, 429, 502-504 | the item is put off: 1 s, doubling to 15 min, with jitter, without end |
| 500 | the register is asked something else. No answer to that either: as above. Else this item is at fault: parked at its 10th time |
| nonsense | the same, parked at its 3rd time |
| 400 and the like | the register is asked something else. If it works the item is parked, and those after it in its conversation wait |
| 401, 403, or a version that is too old | nothing is sent any more; a look each 5 minutes whether that has changed |
| five failures in a row | the breaker opens: one probe each 30 s, nothing else, until one is answered |
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol
from uuid import UUID

import structlog

from handover.registers.register import Contact, Register, RegisterError

log = structlog.get_logger()
FIRST_WAIT, LONGEST_WAIT = 1.0, 900.0  # seconds
FAILURES_AT_MOST = 5  # in a row, before the breaker opens
PROBE_EACH, LOOK_AGAIN = timedelta(seconds=30), timedelta(minutes=5)
PARK_AT = {"broken": 10, "nonsense": 3}
LATE = timedelta(minutes=15)  # an item that waits longer is an alarm


class Job(Protocol):
    @property
    def conversation(self) -> UUID: ...
    @property
    def number(self) -> int: ...
    @property
    def segment(self) -> UUID: ...
    @property
    def remove(self) -> bool: ...
    @property
    def corrected(self) -> bool: ...
    @property
    def tries(self) -> int: ...
    @property
    def waits(self) -> int: ...
    @property
    def ids(self) -> tuple[int, ...]: ...


class Claim(Protocol):
    @property
    def job(self) -> Job: ...
    async def sent(self) -> None: ...
    async def later(self, at: datetime, error: dict[str, Any], *, counts: bool) -> None: ...
    async def parked(self, error: dict[str, Any]) -> None: ...


class Outbox(Protocol):
    def claim(self, now: datetime) -> AbstractAsyncContextManager[Claim | None]: ...


@dataclass
class Counted:
    """Since the start, for the metrics."""

    sent: int = 0
    put_off: int = 0
    parked: int = 0


class Sender:
    def __init__(
        self,
        outbox: Outbox,
        register: Register,
        contact_of: Callable[[UUID], Awaitable[Contact | None]],
        now: Callable[[], datetime],
        random: Random | None = None,
    ) -> None:
        """`contact_of`: the segment as it is now; None if it was deleted."""
        self._outbox, self._register, self._contact_of, self._now = outbox, register, contact_of, now
        self._random = random or Random()  # noqa: S311  jitter
        self.counted = Counted()
        self.condition: str = "unknown"  # then ok, down, denied, too_old
        self._failures = 0
        self._probe_at: datetime | None = None  # while the breaker is open, or everything was stopped
        self._probing = asyncio.Lock()

    async def work(self) -> None:
        """Sends one after another until nothing is due or the register is out of reach. Any number may work at once."""
        while await self._may_send():
            async with self._outbox.claim(self._now()) as claim:
                if claim is None:
                    return
                await self._take(claim)

    # One item

    async def _take(self, claim: Claim) -> None:
        try:
            await self._send(claim.job)
        except RegisterError as error:
            await self._failed(claim, error)
        except Exception as error:  # a fault of ours: the others go on, and it is put off like an outage of its own
            log.error("register.fault", item=claim.job.ids[0], error=type(error).__name__, exc_info=error)
            await claim.later(self._later(claim.job), {"kind": "fault", "where": type(error).__name__}, counts=False)
        else:
            self._answered()
            self.counted.sent += 1
            await claim.sent()

    async def _send(self, job: Job) -> None:
        if job.remove:
            await self._register.remove(job.conversation, job.number, job.segment)
        elif contact := await self._contact_of(job.segment):
            await self._register.send(contact, corrected=job.corrected)
            if await self._contact_of(job.segment) is None:  # deleted here meanwhile, by who could not know of it yet
                await self._register.remove(job.conversation, job.number, job.segment)

    async def _failed(self, claim: Claim, error: RegisterError) -> None:
        job = claim.job
        if error.halts:
            self._halt(error)
            await claim.later(self._now(), error.as_json(), counts=False)
            return
        works = not error.outage and await self._works()
        if not works:
            if error.outage:
                self._unanswered()
            await self._put_off(claim, error, counts=False)
            return
        self._answered()
        if error.permanent or job.tries + 1 >= PARK_AT[error.kind]:
            self.counted.parked += 1
            log.error("register.parked", register=self._register.name, item=job.ids[0], conversation=str(job.conversation), why=str(error))
            await claim.parked(error.as_json())
        else:
            await self._put_off(claim, error, counts=True)

    async def _put_off(self, claim: Claim, error: RegisterError, *, counts: bool) -> None:
        self.counted.put_off += 1
        log.warning("register.put_off", register=self._register.name, item=claim.job.ids[0], why=str(error))
        await claim.later(self._later(claim.job, error.retry_after or 0.0), error.as_json(), counts=counts)

    def _later(self, job: Job, at_least: float = 0.0) -> datetime:
        wait = min(FIRST_WAIT * 2 ** min(job.waits, 20), LONGEST_WAIT) * self._random.uniform(0.75, 1.0)
        return self._now() + timedelta(seconds=max(wait, min(at_least, LONGEST_WAIT)))

    # The register as a whole

    async def _may_send(self) -> bool:
        """Asks the register first when that is not known: at the start, and as often as an open breaker allows."""
        if self.condition == "ok" and self._probe_at is None:
            return True
        async with self._probing:
            if self.condition == "ok" and self._probe_at is None:
                return True
            if self._probe_at and self._now() < self._probe_at:
                return False
            return await self._works()

    async def _works(self) -> bool:
        try:
            await self._register.probe()
        except RegisterError as error:
            if error.halts:
                self._halt(error)
            else:
                self._unanswered()
            return False
        self._answered()
        return True

    def _answered(self) -> None:
        self._failures, self._probe_at = 0, None
        self._become("ok")

    def _unanswered(self) -> None:
        self._failures += 1
        if self._failures >= FAILURES_AT_MOST or self.condition != "ok":
            self._probe_at = self._now() + PROBE_EACH
            self._become("down")

    def _halt(self, error: RegisterError) -> None:
        self._probe_at = self._now() + LOOK_AGAIN
        self._become(error.kind, why=str(error))

    def _become(self, condition: str, **why: str) -> None:
        if condition != self.condition:
            tell = log.info if condition == "ok" else log.error
            tell("register.condition", register=self._register.name, condition=condition, **why)
            self.condition = condition
