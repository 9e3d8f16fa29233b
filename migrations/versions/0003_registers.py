"""What registers must be told, and where our things are in them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("outbox_due", "outbox", ["state", "next_at"], unique=False)
    op.create_index("outbox_conversation", "outbox", ["conversation_id", "state", "id"], unique=False)
    op.create_table(
        "register_link",
        sa.Column("register", sa.String(length=20), nullable=False),
        sa.Column("local_type", sa.String(length=20), nullable=False),
        sa.Column("local_id", sa.String(length=100), nullable=False),
        sa.Column("remote_uuid", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.String(length=10), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("register", "local_type", "local_id"),
    )
    op.create_table(
        "register_actor",
        sa.Column("register", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=500), nullable=False),
        sa.Column("remote_uuid", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("register", "key"),
    )
