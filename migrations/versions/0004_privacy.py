"""How long each conversation is kept, and why; the audit log as a chain that only grows."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NOT_CHANGED = "lines of the audit log are never changed"
NOT_REMOVED = "lines of the audit log are removed by the retention job only"
NEW_AT_THE_END = "lines of the audit log are added at its end"


def upgrade() -> None:
    with op.batch_alter_table("conversation") as conversation:
        conversation.add_column(sa.Column("kept_as", sa.String(length=10), nullable=False, server_default="bot"))
        conversation.add_column(sa.Column("legal_basis", sa.String(length=200), nullable=False, server_default=""))
        conversation.add_column(sa.Column("destroy_at", sa.DateTime(timezone=True), nullable=True))
        conversation.add_column(sa.Column("held_at", sa.DateTime(timezone=True), nullable=True))
        conversation.add_column(sa.Column("held_for", sa.String(length=200), nullable=True))
    op.create_index("callback_changed", "callback", ["status", "changed_at"], unique=False)
    op.add_column("audit", sa.Column("seal", sa.LargeBinary(length=32), nullable=True))
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        sa.Column("began_after", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("through_id", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        sa.Column("proof", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    last = op.get_bind().scalar(sa.text("SELECT coalesce(max(id), 0) FROM audit"))
    op.bulk_insert(head, [{"id": 1, "last_id": last, "seal": bytes(32), "began_after": last}])
    for statement in _postgresql() if op.get_bind().dialect.name == "postgresql" else _sqlite():
        op.execute(statement)


def _sqlite() -> list[str]:
    """A table that is copied (batch mode) loses its triggers: whoever alters these tables must make them again."""
    cleared = "OLD.id > coalesce((SELECT max(through_id) FROM audit_checkpoint), 0)"
    added = "NEW.id <= (SELECT last_id FROM audit_head)"  # INSERT OR REPLACE would be a change
    return [
        _sqlite_trigger("audit_not_changed", "UPDATE ON audit", "", NOT_CHANGED),
        _sqlite_trigger("audit_not_removed", "DELETE ON audit", f"WHEN {cleared}", NOT_REMOVED),
        _sqlite_trigger("audit_at_the_end", "INSERT ON audit", f"WHEN {added}", NEW_AT_THE_END),
        _sqlite_trigger("audit_checkpoint_not_changed", "UPDATE ON audit_checkpoint", "", NOT_CHANGED),
        _sqlite_trigger("audit_checkpoint_not_removed", "DELETE ON audit_checkpoint", "", NOT_REMOVED),
        _sqlite_trigger("audit_head_not_removed", "DELETE ON audit_head", "", NOT_REMOVED),
    ]


def _sqlite_trigger(name: str, event: str, when: str, refusal: str) -> str:
    return f"CREATE TRIGGER {name} BEFORE {event} FOR EACH ROW {when} BEGIN SELECT raise(ABORT, '{refusal}'); END"


def _postgresql() -> list[str]:
    guard = f"""
        CREATE FUNCTION audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN RAISE EXCEPTION '{NOT_CHANGED}'; END IF;
            IF TG_OP = 'TRUNCATE' THEN RAISE EXCEPTION '{NOT_REMOVED}'; END IF;
            IF TG_OP = 'INSERT' THEN
                IF NEW.id <= (SELECT last_id FROM audit_head) THEN RAISE EXCEPTION '{NEW_AT_THE_END}'; END IF;
                RETURN NEW;
            END IF;
            IF TG_TABLE_NAME <> 'audit' OR OLD.id > coalesce((SELECT max(through_id) FROM audit_checkpoint), 0) THEN
                RAISE EXCEPTION '{NOT_REMOVED}';
            END IF;
            RETURN OLD;
        END $$"""  # noqa: S608 (texts of our own)
    row = "FOR EACH ROW EXECUTE FUNCTION audit_guard()"
    return [
        guard,
        f"CREATE TRIGGER audit_guard BEFORE INSERT OR UPDATE OR DELETE ON audit {row}",
        f"CREATE TRIGGER audit_checkpoint_guard BEFORE UPDATE OR DELETE ON audit_checkpoint {row}",
        f"CREATE TRIGGER audit_head_guard BEFORE DELETE ON audit_head {row}",
        *(
            f"CREATE TRIGGER {table}_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION audit_guard()"
            for table in ("audit", "audit_checkpoint", "audit_head")
        ),
    ]
