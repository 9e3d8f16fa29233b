"""Calls, what they were answered, codes to go on elsewhere; the short code of a handover; when to be called back."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("handover") as table:
        table.add_column(sa.Column("code", sa.String(length=10), nullable=True))
        table.add_column(sa.Column("number", sa.String(length=20), nullable=True))
        table.create_index("ix_handover_code", ["code"])
        table.create_index("ix_handover_number", ["number"])
    with op.batch_alter_table("callback") as table:
        table.add_column(sa.Column("preferred", sa.String(length=20), nullable=True))
    op.create_table(
        "call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index(op.f("ix_call_conversation_id"), "call", ["conversation_id"], unique=False)
    op.create_table(
        "call_reply",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.String(length=200), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "event"),
    )
    op.create_index(op.f("ix_call_reply_at"), "call_reply", ["at"], unique=False)
    op.create_table(
        "code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code_hash"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index(op.f("ix_code_conversation_id"), "code", ["conversation_id"], unique=False)


def downgrade() -> None:
    for name in ("code", "call_reply", "call"):
        op.drop_table(name)
    with op.batch_alter_table("callback") as table:
        table.drop_column("preferred")
    with op.batch_alter_table("handover") as table:
        table.drop_index("ix_handover_number")
        table.drop_index("ix_handover_code")
        table.drop_column("number")
        table.drop_column("code")
