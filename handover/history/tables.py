"""Everything that is kept, as tables. Nothing here that SQLite or PostgreSQL would not accept."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
)  # fmt: skip
from sqlalchemy.engine import Dialect

metadata = MetaData()


class Utc(TypeDecorator[datetime]):
    """A moment, aware and in UTC on both sides; SQLite itself knows no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


def _of_conversation(**options: Any) -> Column[Any]:
    return Column("conversation_id", Uuid, ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False, **options)


conversation = Table(
    "conversation", metadata,
    Column("id", Uuid, primary_key=True),
    Column("reference", String(10), nullable=False, unique=True),  # ten digits: what residents are told, and registers keep
    Column("external_key", String(200), unique=True),  # voice:<gateway>:<call id>
    Column("token_hash", LargeBinary(32), unique=True),
    Column("version", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("team", String(50)),
    Column("owner", Uuid),
    Column("priority", Integer, nullable=False),
    Column("waiting_since", Utc),
    Column("due_at", Utc),  # the earliest of its timers
    Column("created_at", Utc, nullable=False),
    Column("last_at", Utc, nullable=False),
    Column("closed_at", Utc),
    Column("body", JSON, nullable=False),  # conversation.Conversation, whole
    Column("person_id", Uuid),
    Column("kept_as", String(10), nullable=False, server_default="bot"),  # the class that says how long: bot, staff, moment
    Column("legal_basis", String(200), nullable=False, server_default=""),
    Column("destroy_at", Utc),  # None as long as it is not closed
    Column("held_at", Utc),  # since then nothing of it may be destroyed, until that is lifted
    Column("held_for", String(200)),
    Index("conversation_queue", "state", "team", "priority", "waiting_since"),
    Index("conversation_owner", "owner", "state"),
    Index("conversation_due", "due_at"),
    Index("conversation_person", "person_id", "created_at"),
)  # fmt: skip

turn = Table(
    "turn", metadata,
    _of_conversation(primary_key=True),
    Column("pos", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer),
    Column("author", String(10), nullable=False),
    Column("name", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("language", String(10), nullable=False),
    Column("kind", String(30)),
    Column("topic", String(60)),
    Column("aspect", String(60)),
    Column("note", Boolean, nullable=False),
    Column("suppressed", Boolean, nullable=False),
    Column("data", JSON, nullable=False),
    UniqueConstraint("conversation_id", "seq"),
)  # fmt: skip

# What a client's frame came to: the same id again gives the same result again.
receipt = Table(
    "receipt", metadata,
    _of_conversation(primary_key=True),
    Column("sender", String(40), primary_key=True),  # "resident", or the id of a member of staff
    Column("client_id", Uuid, primary_key=True),
    Column("result", JSON, nullable=False),
)  # fmt: skip

handover = Table(
    "handover", metadata,
    Column("id", Uuid, primary_key=True),
    _of_conversation(index=True),
    Column("epoch", Integer, nullable=False),
    Column("team", String(50), nullable=False),
    Column("reason", String(100), nullable=False),
    Column("packet", JSON, nullable=False),
    Column("asked_at", Utc, nullable=False),
    Column("claimed_at", Utc),
    Column("claimed_by", Uuid),
    Column("ended_at", Utc),
    Column("outcome", String(30)),
    Column("code", String(10), index=True),  # for a telephone's screen
    Column("number", String(20), index=True),  # of a caller, for whoever answers without the code
)  # fmt: skip

callback = Table(
    "callback", metadata,
    Column("id", Uuid, primary_key=True),
    _of_conversation(index=True),
    Column("team", String(50)),
    Column("phone", String(30), nullable=False),
    Column("name", String(200)),
    Column("question", Text),
    Column("topic", String(60)),
    Column("status", String(20), nullable=False),  # unconfirmed, open, done, cancelled
    Column("created_at", Utc, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("done_by", Uuid),
    Column("segment_id", Uuid),
    Column("preferred", String(20)),  # morning, afternoon, any
    Index("callback_status", "status", "created_at"),
    Index("callback_changed", "status", "changed_at"),
    Index("callback_segment", "segment_id"),
)  # fmt: skip

wrap_up = Table(
    "wrap_up", metadata,
    Column("id", Uuid, primary_key=True),
    _of_conversation(index=True),
    Column("at", Utc, nullable=False),
    Column("by_staff", Uuid, nullable=False),
    Column("by_name", String(200), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("summary", Text, nullable=False),
    Column("subjects", JSON, nullable=False),
)  # fmt: skip

# A resident who is known, and by what. Nobody is made one with somebody else because a name or number looks alike.
person = Table(
    "person", metadata,
    Column("id", Uuid, primary_key=True),
    Column("created_at", Utc, nullable=False),
)  # fmt: skip

identity = Table(
    "identity", metadata,
    Column("id", Uuid, primary_key=True),
    Column("person_id", Uuid, ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("scheme", String(10), nullable=False),  # bsn, kvk, sub, phone, email
    Column("lookup", LargeBinary(32), nullable=False),  # keyed hash, see vault.py
    Column("value", LargeBinary, nullable=False),  # encrypted
    Column("level", String(60), nullable=False),
    Column("verified_at", Utc, nullable=False),
    UniqueConstraint("scheme", "lookup"),
)  # fmt: skip

# Tokens of a municipality's site that were used: each counts once (SEC-13)
used_token = Table(
    "used_token", metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("expires_at", Utc, nullable=False, index=True),
)  # fmt: skip

# What somebody gave to be reached at, or what a channel told of them. Not verified: a clue, never proof of who it is.
contact_detail = Table(
    "contact_detail", metadata,
    Column("id", Uuid, primary_key=True),
    _of_conversation(index=True),
    Column("person_id", Uuid, index=True),
    Column("kind", String(10), nullable=False),  # phone, email, name
    Column("value", LargeBinary, nullable=False),  # encrypted
    Column("lookup", LargeBinary(32), nullable=False, index=True),
    Column("source", String(20), nullable=False),  # typed, caller, callback, session
    Column("verified_at", Utc),
    Column("reuse_consent", Boolean, nullable=False),
)  # fmt: skip

# One subject of one conversation: a contact moment, a `klantcontact` of the standard
segment = Table(
    "segment", metadata,
    Column("id", Uuid, primary_key=True),
    _of_conversation(),
    Column("person_id", Uuid),
    Column("number", Integer, nullable=False),  # 1.. in the conversation
    Column("reference", String(10), nullable=False, unique=True),
    Column("channel", String(50), nullable=False),
    Column("topic", String(60)),
    Column("aspect", String(60)),
    Column("upl_uri", String(200)),
    Column("subject", String(200), nullable=False),
    Column("from_pos", Integer, nullable=False),
    Column("to_pos", Integer, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("question", Text, nullable=False),
    Column("summary", Text, nullable=False),  # at most 1,000 characters; the resident may read it
    Column("answer", Text, nullable=False),  # at most 4,000
    Column("outcome", String(20)),
    Column("by", String(200)),
    Column("promised", Text),
    Column("data", JSON(none_as_null=True)),  # what another system recorded with it and we have no place for
    UniqueConstraint("conversation_id", "number"),
    Index("segment_person", "person_id", "started_at"),
    Index("segment_started", "started_at"),
)  # fmt: skip

# Something outside that a contact moment was about: a case, a form. `onderwerpobject` of the standard
subject_object = Table(
    "subject_object", metadata,
    Column("id", Uuid, primary_key=True),
    Column("segment_id", Uuid, ForeignKey("segment.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("object_id", String(200), nullable=False, index=True),
    Column("code_objecttype", String(200), nullable=False),
    Column("code_register", String(200), nullable=False),
    Column("code_soort_object_id", String(200), nullable=False),
)  # fmt: skip

# Who answered on other channels, without an account here; made from their name
actor = Table(
    "actor", metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("created_at", Utc, nullable=False),
)  # fmt: skip

participant = Table(
    "participant", metadata,
    Column("id", Uuid, primary_key=True),
    _of_conversation(index=True),
    Column("kind", String(10), nullable=False),  # resident, bot, staff
    Column("staff_id", Uuid),
    Column("name", String(200), nullable=False),
    Column("joined_at", Utc, nullable=False),
    Column("left_at", Utc),
)  # fmt: skip

# The next free number of each series; numbers are taken in blocks, so some are never used
series = Table(
    "series", metadata,
    Column("name", String(30), primary_key=True),
    Column("next", Integer, nullable=False),
)  # fmt: skip

# Logboek Dataverwerkingen: what was done with whose data, without who did it (that is in `audit`)
processing = Table(
    "processing", metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("trace_id", String(32), nullable=False),
    Column("operation_id", String(16), nullable=False),
    Column("parent_operation_id", String(16)),
    Column("name", String(100), nullable=False),
    Column("status", String(10), nullable=False),  # Unset, Ok, Error
    Column("started_at", Utc, nullable=False, index=True),
    Column("ended_at", Utc, nullable=False),
    Column("activity_id", String(200), nullable=False),
    Column("subject", LargeBinary, nullable=True),  # the person's id, encrypted
    Column("resource", String(200), nullable=False),
    Column("attributes", JSON, nullable=False),
    Index("processing_trace", "trace_id"),
)  # fmt: skip

api_token = Table(
    "api_token", metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc),
    Column("disabled_at", Utc),
)  # fmt: skip

staff = Table(
    "staff", metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("login", String(200), nullable=False, unique=True),  # the name, case folded
    Column("password_hash", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("teams", JSON, nullable=False),
    Column("language", String(2), nullable=False),
    Column("disabled_at", Utc),
    Column("created_at", Utc, nullable=False),
)  # fmt: skip

staff_session = Table(
    "staff_session", metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("staff_id", Uuid, ForeignKey("staff.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("ended_at", Utc),
)  # fmt: skip

presence = Table(
    "presence", metadata,
    Column("staff_id", Uuid, ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True),
    Column("status", String(10), nullable=False),  # available, away, offline
    Column("seen_at", Utc, nullable=False),
)  # fmt: skip

# Calls, by what the gateway names them, and what each of its events was answered: the same event gets the same again.
call = Table(
    "call", metadata,
    Column("id", Uuid, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),  # <gateway>:<call id>
    _of_conversation(index=True),
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc),
)  # fmt: skip

call_reply = Table(
    "call_reply", metadata,
    Column("call_id", Uuid, ForeignKey("call.id", ondelete="CASCADE"), primary_key=True),
    Column("event", String(200), primary_key=True),  # the gateway's own key
    Column("reply", Text, nullable=False),  # as it was sent
    Column("at", Utc, nullable=False, index=True),
)  # fmt: skip

# Codes with which a conversation goes on elsewhere, once. `token_hash`: of the chat that one was given for.
code = Table(
    "code", metadata,
    Column("id", Uuid, primary_key=True),
    _of_conversation(index=True),
    Column("purpose", String(10), nullable=False),  # web, phone
    Column("code_hash", LargeBinary(32), unique=True),  # null once it was used
    Column("expires_at", Utc, nullable=False),
    Column("token_hash", LargeBinary(32), unique=True),
)  # fmt: skip

# Who did what with which record, never its content. Lines are only ever added, each sealed together with the one before it
# (audit.py); the database refuses every change, and every removal that no checkpoint has recorded.
audit = Table(
    "audit", metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),  # without gaps
    Column("at", Utc, nullable=False),
    Column("actor", String(100), nullable=False),
    Column("action", String(50), nullable=False),
    Column("object", String(100), nullable=False),
    Column("result", String(50), nullable=False),
    Column("origin", String(60), nullable=False),
    Column("request_id", String(40), nullable=False),
    Column("seal", LargeBinary(32)),  # None: from before there were seals
    Index("audit_object", "object", "at"),
)  # fmt: skip

# What registers must still be told, in the order in which it happened. It holds no text: the contact is read when it is sent.
# No foreign keys: that a conversation was deleted here is just what a register must hear.
outbox = Table(
    "outbox", metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),  # of the segment in its conversation
    Column("segment_id", Uuid, nullable=False),
    Column("kind", String(20), nullable=False),  # klantcontact, actor, callback, patch, delete
    Column("payload", JSON, nullable=False),
    Column("state", String(10), nullable=False),  # waiting, sent, parked
    Column("tries", Integer, nullable=False),  # that failed while the register itself worked
    Column("next_at", Utc, nullable=False),
    Column("error", JSON),  # of the last try: names and codes
    Column("created_at", Utc, nullable=False),
    Index("outbox_due", "state", "next_at"),
    Index("outbox_conversation", "conversation_id", "state", "id"),
)  # fmt: skip

# Where a thing of ours is in a register.
register_link = Table(
    "register_link", metadata,
    Column("register", String(20), primary_key=True),
    Column("local_type", String(20), primary_key=True),
    Column("local_id", String(100), primary_key=True),
    Column("remote_uuid", Uuid),
    Column("reference", String(10)),
    Column("state", String(20), nullable=False),
    Column("changed_at", Utc, nullable=False),
)  # fmt: skip

register_actor = Table(
    "register_actor", metadata,
    Column("register", String(20), primary_key=True),
    Column("key", String(500), primary_key=True),
    Column("remote_uuid", Uuid),
)  # fmt: skip

# One row: where the chain is now. Whoever adds a line locks it first, so there is one chain however many processes write.
audit_head = Table(
    "audit_head", metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("last_id", Integer, nullable=False),
    Column("seal", LargeBinary(32), nullable=False),
    Column("began_after", Integer, nullable=False),  # lines up to this one have no seal
)  # fmt: skip

# Up to which line the audit log was cleared because its time was over
audit_checkpoint = Table(
    "audit_checkpoint", metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Utc, nullable=False),
    Column("through_id", Integer, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("seal", LargeBinary(32), nullable=False),  # of the last line that was removed: the chain goes on from there
    Column("proof", LargeBinary(32), nullable=False),  # that it was us who cleared it
)  # fmt: skip
