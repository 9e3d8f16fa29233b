"""The audit log as a chain: each line is sealed together with the seal of the line before it.

Who changes a line, takes one out or puts one in breaks the chain, and `verify` says where. The seals are made with a key
that is not in the database, so whoever can write to the database alone cannot make a chain that fits. Lines are numbered
without gaps; the row `audit_head` says which is the last, and is locked by whoever adds one: so there is one chain, with
grouped commits and with several processes. What the chain cannot show is that the whole database was put back to an
earlier moment; for that `verify` prints the last line's number and seal, to be kept elsewhere and given to it later.
"""

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from handover.history.tables import audit, audit_checkpoint, audit_head
from handover.history.vault import Vault

COLUMNS = ("at", "actor", "action", "object", "result", "origin", "request_id")
NOTHING = bytes(32)  # the seal before the first line
AT_ONCE = 5_000  # lines read or removed in one go
PROBLEMS_AT_MOST = 20  # told of one verification

Line = dict[str, Any]


def key_of(vault: Vault) -> bytes:
    """Never changes, like the key of the look-ups that it is made from."""
    return hmac.digest(vault.lookup_key, b"audit chain", hashlib.sha256)


def line(actor: str, action: str, object: str, result: str, at: datetime, *, origin: str = "-", request_id: str = "-") -> Line:
    return {"at": at, "actor": actor, "action": action, "object": object, "result": result, "origin": origin, "request_id": request_id}


def append(connection: Connection, key: bytes, lines: Sequence[Line]) -> None:
    """Adds them in this order, in the caller's transaction."""
    head = connection.execute(select(audit_head).with_for_update()).one()
    id, seal, rows = head.last_id, head.seal, []
    for one in lines:
        id += 1
        seal = _seal(key, seal, id, one)
        rows.append({**one, "id": id, "seal": seal})
    connection.execute(insert(audit), rows)
    connection.execute(update(audit_head).values(last_id=id, seal=seal))


def clear(connection: Connection, key: bytes, before: datetime, now: datetime, at_most: int = AT_ONCE) -> int:
    """Removes lines from before this moment, oldest first, and records that it did; returns how many."""
    kept = connection.scalar(select(audit.c.id).where(audit.c.at >= before).order_by(audit.c.id).limit(1))
    old = select(audit.c.id, audit.c.seal).where(audit.c.at < before, *([audit.c.id < kept] if kept else []))
    rows = connection.execute(old.order_by(audit.c.id).limit(at_most)).all()
    if not rows:
        return 0
    through, seal = rows[-1].id, rows[-1].seal or NOTHING
    values = {"at": now, "through_id": through, "lines": len(rows), "seal": seal}
    connection.execute(insert(audit_checkpoint).values(**values, proof=_proof(key, **values)))
    connection.execute(delete(audit).where(audit.c.id <= through))
    append(connection, key, [line("retention", "audit.cleared", f"audit:{through}", str(len(rows)), now)])
    return len(rows)


@dataclass
class Verified:
    """What `verify` found. `last` and `seal`: where the chain is now."""

    lines: int = 0
    unsealed: int = 0  # from before there were seals
    cleared: int = 0  # removed by the retention job
    last: int = 0
    seal: bytes = NOTHING
    problems: list[str] = field(default_factory=list)

    def wrong(self, what: str) -> None:
        if len(self.problems) < PROBLEMS_AT_MOST:
            self.problems.append(what)


def verify(connection: Connection, key: bytes, known: tuple[int, str] | None = None) -> Verified:
    """Goes through the whole log. `known`: a line's number and (the beginning of) its seal in hex, kept from an earlier time."""
    found = Verified()
    head = connection.execute(select(audit_head)).one_or_none()
    if head is None:
        found.wrong("the head of the chain is gone")
        return found
    found.last, found.seal = _cleared(connection, key, found, head.began_after)
    for row in _lines(connection):
        found.lines += 1
        if row.id <= head.began_after:
            found.unsealed += 1
            found.last = row.id
            continue
        if row.id != found.last + 1:
            found.wrong(f"between line {found.last} and line {row.id} lines are missing")
        if not hmac.compare_digest(row.seal or b"", _seal(key, found.seal, row.id, row._mapping)):
            found.wrong(f"line {row.id} is not as it was written, or what stood before it is gone")
        if known and row.id == known[0] and not row.seal.hex().startswith(known[1].lower()):
            found.wrong(f"line {row.id} is another one than was noted")
        found.last, found.seal = row.id, row.seal or NOTHING
    if (found.last, found.seal) != (head.last_id, head.seal):
        found.wrong(f"the log ends at line {found.last}, where it should end at {head.last_id}")
    if known and known[0] > found.last:
        found.wrong(f"line {known[0]}, which was noted, is not there any more")
    return found


def _cleared(connection: Connection, key: bytes, found: Verified, began_after: int) -> tuple[int, bytes]:
    """Where the chain goes on after what was removed because its time was over."""
    last, seal, before = 0, NOTHING, 0
    for row in connection.execute(select(audit_checkpoint).order_by(audit_checkpoint.c.id)):
        values = {"at": row.at, "through_id": row.through_id, "lines": row.lines, "seal": row.seal}
        if not hmac.compare_digest(row.proof, _proof(key, **values)):
            found.wrong(f"checkpoint {row.id}, through line {row.through_id}, was not made by the retention job")
        if row.through_id - before != row.lines and before >= began_after:
            found.wrong(f"checkpoint {row.id} says that {row.lines} lines were removed, which is not what is missing")
        found.cleared += row.lines
        last, seal, before = row.through_id, row.seal, row.through_id
    first = connection.scalar(select(func.min(audit.c.id)))
    if last < began_after:  # lines from before there were seals may have gaps
        return (first or began_after + 1) - 1 if first and first <= began_after else began_after, NOTHING
    return last, seal


def _lines(connection: Connection) -> Iterator[Row[Any]]:
    last = 0
    while rows := connection.execute(select(audit).where(audit.c.id > last).order_by(audit.c.id).limit(AT_ONCE)).all():
        yield from rows
        last = rows[-1].id


def _seal(key: bytes, before: bytes, id: int, one: Any) -> bytes:
    values = [id, _moment(one["at"]), *(str(one[name]) for name in COLUMNS[1:])]
    return hmac.digest(key, before + msgspec.json.encode(values), hashlib.sha256)


def _proof(key: bytes, at: datetime, through_id: int, lines: int, seal: bytes) -> bytes:
    return hmac.digest(key, b"checkpoint" + msgspec.json.encode([_moment(at), through_id, lines, seal.hex()]), hashlib.sha256)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
