"""Identifiers: UUIDv7 (sorted by time, so that indexes stay small) and the reference that residents are told."""

import secrets
from datetime import datetime
from uuid import UUID


def uuid7(now: datetime) -> UUID:
    milliseconds = int(now.timestamp() * 1000)
    random = secrets.randbits(74)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (1 << 62) - 1)


def new_reference() -> str:
    """Ten digits, the first not 0: fits `referentienummer` of Klantinteracties, and can be read aloud."""
    return str(secrets.randbelow(9 * 10**9) + 10**9)
