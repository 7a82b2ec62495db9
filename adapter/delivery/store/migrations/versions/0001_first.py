"""The tables as they were first made: lanes, deliveries, attempts, and who is at work."""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITS, HELD, IN_FLIGHT = sa.text("state = 'active' AND worker IS NULL"), sa.text("state = 'held'"), sa.text("worker IS NOT NULL")
QUEUED, URGENT = sa.text("state = 'queued'"), sa.text("state = 'queued' AND urgent = 1")
EXPIRES = sa.text("state = 'queued' AND expires IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "endpoint",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_until", sa.Double()),
        sa.Column("pace_next", sa.Double()),
        sa.PrimaryKeyConstraint("name", name="pk_endpoint"),
    )
    op.create_table(
        "lane",
        sa.Column("id", BIG, nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=6), nullable=False),
        sa.Column("held", sa.String(length=8), nullable=False),
        sa.Column("held_because", sa.Text()),
        sa.Column("urgent", sa.Integer(), nullable=False),
        sa.Column("due", sa.Double()),
        sa.Column("generation", BIG, nullable=False),
        sa.Column("worker", sa.Text()),
        sa.Column("head", BIG),
        sa.Column("since", sa.Double()),
        sa.Column("latest", BIG),
        sa.Column("latest_hash", sa.String(length=64)),
        sa.Column("latest_as_of", sa.Text()),
        sa.Column("accepted", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lane"),
        sa.UniqueConstraint("endpoint", "subject", name="uq_lane_endpoint_subject"),
    )
    op.create_index("ix_lane_due", "lane", ["endpoint", "urgent", "due"], sqlite_where=WAITS, postgresql_where=WAITS)
    op.create_index("ix_lane_held", "lane", ["endpoint"], sqlite_where=HELD, postgresql_where=HELD)
    op.create_index("ix_lane_worker", "lane", ["worker"], sqlite_where=IN_FLIGHT, postgresql_where=IN_FLIGHT)
    op.create_table(
        "setting",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_setting"),
    )
    op.create_table(
        "worker",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("beat", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_worker"),
    )
    op.create_table(
        "delivery",
        sa.Column("id", BIG, nullable=False),
        sa.Column("lane", BIG, nullable=False),
        sa.Column("since", BIG, nullable=False),
        sa.Column("key", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("urgent", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Text()),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("accepted", sa.Double(), nullable=False),
        sa.Column("expires", sa.Double()),
        sa.Column("settled", sa.Double()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("says", sa.Text()),
        sa.ForeignKeyConstraint(["lane"], ["lane.id"], name="fk_delivery_lane"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("key", name="uq_delivery_key"),
    )
    op.create_index("ix_delivery_expires", "delivery", ["expires"], sqlite_where=EXPIRES, postgresql_where=EXPIRES)
    op.create_index("ix_delivery_lane", "delivery", ["lane", "id"])
    op.create_index("ix_delivery_queued", "delivery", ["lane", "id"], sqlite_where=QUEUED, postgresql_where=QUEUED)
    op.create_index("ix_delivery_urgent", "delivery", ["lane"], sqlite_where=URGENT, postgresql_where=URGENT)
    op.create_table(
        "attempt",
        sa.Column("id", BIG, nullable=False),
        sa.Column("delivery", BIG, nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("began", sa.Double(), nullable=False),
        sa.Column("ended", sa.Double(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("about", sa.String(length=8), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("rows", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["delivery.id"], name="fk_attempt_delivery"),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
    )
    op.create_index("ix_attempt_delivery", "attempt", ["delivery"])
    op.create_table(
        "need",
        sa.Column("delivery", BIG, autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["delivery.id"], name="fk_need_delivery"),
        sa.PrimaryKeyConstraint("delivery", "subject", name="pk_need"),
    )
    op.create_index("ix_need_subject", "need", ["subject"])
    op.create_table(
        "payload",
        sa.Column("delivery", BIG, autoincrement=False, nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["delivery.id"], name="fk_payload_delivery"),
        sa.PrimaryKeyConstraint("delivery", name="pk_payload"),
    )
    op.create_index("ix_payload_key_id", "payload", ["key_id"])
    if op.get_bind().dialect.name == "postgresql":  # what is sealed is compressed already
        op.execute("ALTER TABLE payload ALTER COLUMN sealed SET STORAGE EXTERNAL")
