"""The processing log: what was done with whose data, as the Dutch standard Logboek Dataverwerkingen has it.

One record for each person whose data it was. Who did it is not in it, but in the audit log; what was read is in neither.
Records of several systems belong together by the trace of W3C Trace Context.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from handover.conversation.conversation import Insert
from handover.history.vault import Vault

ACTIVITY = "urn:wegwijs:verwerking:"  # dpl.core.processing_activity_id: the entry of the register of processing activities
PURPOSE = "processing"
_TRACEPARENT = re.compile(r"^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?$")


@dataclass(frozen=True)
class Trace:
    """Where an operation belongs: the trace, and the operation of the other system that asked for it."""

    trace_id: str = field(default_factory=lambda: secrets.token_hex(16))
    parent: str | None = None

    @classmethod
    def of(cls, traceparent: str | None) -> "Trace":
        """From the header of that name; a trace of our own where there is none or it is wrong."""
        found = _TRACEPARENT.match(traceparent.strip()) if traceparent else None
        return cls(found[1], found[2]) if found else cls()


def log(
    vault: Vault, trace: Trace, name: str, resource: str, people: Iterable[UUID], began: datetime, ended: datetime, **attributes: Any
) -> list[Insert]:
    """The records of one reading or writing: one for each of the people, or one without a person."""
    subjects: list[UUID | None] = [*sorted(set(people))]
    return [
        Insert("processing", {
            "trace_id": trace.trace_id, "operation_id": secrets.token_hex(8), "parent_operation_id": trace.parent, "name": name,
            "status": "Ok", "started_at": began, "ended_at": ended, "activity_id": f"{ACTIVITY}{name.split('.')[0]}",
            "subject": vault.encrypt(str(person), PURPOSE) if person else None, "resource": resource,
            "attributes": {**attributes, **({"dpl.core.foreign_operation": trace.parent} if trace.parent else {})},
        })
        for person in subjects or [None]
    ]  # fmt: skip
