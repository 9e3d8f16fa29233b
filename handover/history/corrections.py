"""What a resident corrects of how they can be reached. What the municipality's site vouched for is corrected there."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import phonenumbers
from sqlalchemy import Connection, select, update

from handover.conversation.privacy import mask
from handover.history import audit, tables
from handover.history.store import OPEN_CALLBACKS
from handover.history.vault import REGION, Vault

VALUE_AT_MOST, PHONE_AT_MOST = 200, 30  # characters


class Wrong(Exception):
    """Why it cannot be that; `told` is in Dutch, ready to show."""

    def __init__(self, code: str, told: str) -> None:
        super().__init__(code)
        self.code, self.told = code, told


class Correction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    value: str


def correct(
    connection: Connection, vault: Vault, key: bytes, id: str, given: Correction, conversations: Sequence[UUID], now: datetime, actor: str
) -> str | None:
    """The value as it stands now; None if it is nobody's, or somebody else's. Raises Wrong.

    The number of a call-back that is still to be done is changed with it: colleagues call the new one.
    """
    detail, owner = tables.contact_detail, tables.conversation
    try:
        uuid = UUID(id)
    except ValueError:
        return None
    joined = detail.join(owner, owner.c.id == detail.c.conversation_id)
    where = (detail.c.id == uuid) & owner.c.id.in_(conversations)
    row = connection.execute(select(detail.c.kind, owner.c.held_at).select_from(joined).where(where)).first()
    if row is None:
        return None
    if row.held_at:
        raise Wrong("held", "De gemeente moet dit nu zo bewaren.")
    value = _checked(row.kind, given.value)
    sealed = {"value": vault.encrypt(value, "contact_detail"), "lookup": vault.lookup(row.kind, value), "verified_at": None}
    connection.execute(update(detail).where(detail.c.id == uuid).values(**sealed))
    asked = tables.callback
    if row.kind == "phone":
        open_one = (asked.c.id == uuid) & asked.c.status.in_(OPEN_CALLBACKS)
        connection.execute(update(asked).where(open_one).values(phone=value, changed_at=now))
    audit.append(connection, key, [audit.line(actor, "mine.correct", id, "ok", now)])
    return value


def _checked(kind: str, value: str) -> str:
    value = " ".join(value.split())
    if not value or len(value) > VALUE_AT_MOST or mask(value) != value:
        raise Wrong("invalid", "Dit kan niet kloppen.")
    if kind == "phone":
        return _phone(value)
    if kind == "email" and (value.count("@") != 1 or "." not in value.split("@")[1] or " " in value):
        raise Wrong("invalid", "Dit is geen e-mailadres.")
    return value


def _phone(value: str) -> str:
    try:
        number = phonenumbers.parse(value, REGION)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number) or len(value) > PHONE_AT_MOST:
        raise Wrong("invalid", "Dit is geen telefoonnummer.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
