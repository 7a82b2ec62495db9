"""All SQL of the store: its tables, and every statement as a function of a Connection. SQLite and PostgreSQL by the same code.

Longer than 300 lines, so that whoever asks what is read or written, and by which index, has one file to read.

    lane       one endpoint and one subject; `worker` and `head` are set while its first delivery is in flight
    delivery   what was accepted; its payload lies beside it, so that a change of state does not write it again
    attempt    one try and what came of it: only ever added to
    need       whose lanes must have nothing earlier before this one is sent; removed when it is settled
    worker     who is at work, and its beat; endpoint: how an endpoint does, shared by all processes; setting: of the store itself

Order in a lane is the order of ids: they are drawn while the lane's row is locked. Rows of lanes are locked by ascending id, always.
"""
from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")
Row = Mapping[str, Any]
SCHEMA = "0001"  # the newest of migrations/versions
SKIPPED = "skipped"  # the outcome of what a person has left out
LOOK = "look"  # and of what was delivered, and has told something that is for a person
EVER = 2 ** 62  # an id that none reaches
MANY = 500  # values in one statement's list
BIG = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only what is called INTEGER

metadata = MetaData(naming_convention={"ix": "ix_%(column_0_label)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                                       "fk": "fk_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s"})

lane = Table(
    "lane", metadata,
    Column("id", BIG, primary_key=True),
    Column("endpoint", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("state", String(6), nullable=False),  # idle | active | held
    Column("held", String(8), nullable=False),  # why: "" | dead | hand | restored
    Column("held_because", Text),  # a sentence
    Column("urgent", Integer, nullable=False),  # 1: one of those that wait is
    Column("due", Double),  # when its first may be tried; NULL in flight, idle
    Column("generation", BIG, nullable=False),  # one more whenever it changes hands
    Column("worker", Text),
    Column("head", BIG),  # the delivery in flight
    Column("since", Double),  # in flight since
    Column("latest", BIG),  # the delivery accepted last, its content's hash and its time
    Column("latest_hash", String(64)),
    Column("latest_as_of", Text),
    Column("accepted", BIG, nullable=False),  # how many, ever: counted apart from the deliveries' states, to hold them against
    UniqueConstraint("endpoint", "subject"),
)
WAITS = "state = 'active' AND worker IS NULL"
Index("ix_lane_due", lane.c.endpoint, lane.c.urgent, lane.c.due, sqlite_where=text(WAITS), postgresql_where=text(WAITS))
Index("ix_lane_worker", lane.c.worker, sqlite_where=text("worker IS NOT NULL"), postgresql_where=text("worker IS NOT NULL"))
Index("ix_lane_held", lane.c.endpoint, sqlite_where=text("state = 'held'"), postgresql_where=text("state = 'held'"))

delivery = Table(
    "delivery", metadata,
    Column("id", BIG, primary_key=True),
    Column("lane", BIG, ForeignKey("lane.id"), nullable=False),
    Column("since", BIG, nullable=False),  # its id, or the earliest of those it stands for: who waits for that one waits for this
    Column("key", String(36), nullable=False),
    Column("kind", String(10), nullable=False),  # complete | change | retraction
    Column("state", String(10), nullable=False),  # queued | done | superseded | dead
    Column("hash", String(64), nullable=False),
    Column("urgent", Integer, nullable=False),
    Column("as_of", Text),
    Column("place", Text, nullable=False),
    Column("accepted", Double, nullable=False),
    Column("expires", Double),
    Column("settled", Double),  # when it left the queue
    Column("attempts", Integer, nullable=False),
    Column("outcome", Text),  # of the last attempt, and what is said of it: JSON, a list of sentences
    Column("says", Text),
    UniqueConstraint("key"),
)
QUEUED = "state = 'queued'"
URGENT = f"{QUEUED} AND urgent = 1"
Index("ix_delivery_queued", delivery.c.lane, delivery.c.id, sqlite_where=text(QUEUED), postgresql_where=text(QUEUED))
Index("ix_delivery_urgent", delivery.c.lane, sqlite_where=text(URGENT), postgresql_where=text(URGENT))
EXPIRES = f"{QUEUED} AND expires IS NOT NULL"
Index("ix_delivery_expires", delivery.c.expires, sqlite_where=text(EXPIRES), postgresql_where=text(EXPIRES))
Index("ix_delivery_lane", delivery.c.lane, delivery.c.id)

payload = Table(
    "payload", metadata,
    Column("delivery", BIG, ForeignKey("delivery.id"), primary_key=True, autoincrement=False),
    Column("key_id", String(32), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_payload_key_id", "key_id"),
)
attempt = Table(
    "attempt", metadata,
    Column("id", BIG, primary_key=True),
    Column("delivery", BIG, ForeignKey("delivery.id"), nullable=False, index=True),
    Column("worker", Text, nullable=False),
    Column("began", Double, nullable=False),
    Column("ended", Double, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("about", String(8), nullable=False),
    Column("status", Integer),
    Column("says", Text, nullable=False),  # JSON: a list of sentences
    Column("rows", Text, nullable=False),  # JSON: {"created": 3}
)
need = Table(
    "need", metadata,
    Column("delivery", BIG, ForeignKey("delivery.id"), primary_key=True, autoincrement=False),
    Column("subject", Text, primary_key=True, index=True),
)
worker = Table("worker", metadata, Column("name", Text, primary_key=True), Column("beat", BIG, nullable=False))
endpoint = Table(
    "endpoint", metadata,
    Column("name", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("open_until", Double),
    Column("pace_next", Double),
)
setting = Table("setting", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))


def chunks(of: Iterable[T], size: int = MANY) -> Iterator[list[T]]:
    rest = iter(of)
    while chunk := list(islice(rest, size)):
        yield chunk


def among(column: Any, name: str) -> Any:
    return column.in_(bindparam(name, expanding=True))


def rows(connection: Connection, statement: Any, values: Row | None = None) -> Sequence[RowMapping]:
    return connection.execute(statement, values or {}).mappings().all()


def _all(connection: Connection, statement: Any, name: str, values: Collection[Any], more: Row | None = None) -> list[RowMapping]:
    return [row for chunk in chunks(values) for row in rows(connection, statement, {name: chunk, **(more or {})})]


def _many(connection: Connection, statement: Any, values: Sequence[Row]) -> None:
    if values:
        connection.execute(statement, list(values))


def _if_new(connection: Connection, table: Table) -> Any:
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table).on_conflict_do_nothing()


# Accepting

LANES = select(lane.c.id, lane.c.subject).where(lane.c.endpoint == bindparam("endpoint"), among(lane.c.subject, "subjects"))
LOCKED = select(lane).where(among(lane.c.id, "lanes")).order_by(lane.c.id).with_for_update()
DEAD = select(delivery.c.id).where(among(delivery.c.id, "ids"), delivery.c.state == "dead")
OF_KEYS = select(delivery.c.id, delivery.c.key, delivery.c.hash, delivery.c.state).where(among(delivery.c.key, "keys"))
WAITING = select(delivery.c.id, delivery.c.lane, delivery.c.kind, delivery.c.urgent, delivery.c.since).where(
    among(delivery.c.lane, "lanes"), text(f"delivery.{QUEUED}")).order_by(delivery.c.id)
FIRST_WAITING = select(func.min(delivery.c.id)).where(delivery.c.lane == lane.c.id, text(f"delivery.{QUEUED}")).correlate(lane)
FIRST_SINCE = select(delivery.c.since).where(delivery.c.lane == lane.c.id, text(f"delivery.{QUEUED}")).order_by(
    delivery.c.id).limit(1).correlate(lane)
ANY_URGENT = exists().where(delivery.c.lane == lane.c.id, text(f"delivery.{QUEUED}"), text("delivery.urgent = 1")).correlate(lane)
SUPERSEDE = update(delivery).where(among(delivery.c.id, "ids")).values(state="superseded", settled=bindparam("at"))
NEEDLESS = delete(need).where(among(need.c.delivery, "ids"))
LANE_ACCEPTED = update(lane).where(lane.c.id == bindparam("lane")).values({
    name: bindparam(f"to_{name}") for name in
    ("state", "held", "held_because", "urgent", "due", "latest", "latest_hash", "latest_as_of", "accepted")})


def lanes_of(connection: Connection, endpoint_: str, subjects: Collection[str]) -> dict[str, int]:
    return {row["subject"]: row["id"] for row in _all(connection, LANES, "subjects", subjects, {"endpoint": endpoint_})}


def add_lanes(connection: Connection, fresh: Collection[tuple[str, str]], held: str = "", because: str | None = None) -> None:
    """Idle ones, or held ones; those that another process has made meanwhile stay as they are."""
    _many(connection, _if_new(connection, lane), [
        {"endpoint": name, "subject": subject, "state": "held" if held else "idle", "held": held, "held_because": because, "urgent": 0,
         "generation": 0, "accepted": 0} for name, subject in sorted(fresh)])


def locked(connection: Connection, lanes: Collection[int]) -> dict[int, RowMapping]:
    return {row["id"]: row for row in _all(connection, LOCKED, "lanes", sorted(lanes))}


def dead_of(connection: Connection, ids: Collection[int]) -> set[int]:
    return {row["id"] for row in _all(connection, DEAD, "ids", ids)}


def of_keys(connection: Connection, keys: Collection[str]) -> dict[str, RowMapping]:
    return {row["key"]: row for row in _all(connection, OF_KEYS, "keys", keys)}


def waiting_in(connection: Connection, lanes: Collection[int]) -> list[RowMapping]:
    return _all(connection, WAITING, "lanes", lanes)


def lanes_with_waiting(connection: Connection, lanes: Collection[int]) -> set[int]:
    """Those that have anything undelivered."""
    asked = select(lane.c.id).where(among(lane.c.id, "lanes"), FIRST_WAITING.scalar_subquery().is_not(None))
    return {row["id"] for row in _all(connection, asked, "lanes", lanes)}


def next_ids(connection: Connection, count: int) -> list[int]:
    """Ascending. On SQLite the one who writes is alone; PostgreSQL draws from the sequence, while the lanes are locked."""
    if connection.dialect.name == "sqlite":
        last = connection.execute(select(func.coalesce(func.max(delivery.c.id), 0))).scalar_one()
        return list(range(last + 1, last + 1 + count))
    drawn = text("SELECT nextval(pg_get_serial_sequence('delivery', 'id')) FROM generate_series(1, :count)")
    return sorted(connection.execute(drawn, {"count": count}).scalars())


def add_deliveries(connection: Connection, deliveries: Sequence[Row], payloads: Sequence[Row], needs: Sequence[Row]) -> None:
    _many(connection, insert(delivery), deliveries)
    _many(connection, insert(payload), payloads)
    _many(connection, insert(need), needs)


def supersede(connection: Connection, ids: Collection[int], at: float) -> None:
    for chunk in chunks(ids):
        connection.execute(SUPERSEDE, {"ids": chunk, "at": at})
        connection.execute(NEEDLESS, {"ids": chunk})


def lanes_accepted(connection: Connection, values: Sequence[Row]) -> None:
    _many(connection, LANE_ACCEPTED, values)


def more_urgent(connection: Connection, ids: Collection[int]) -> None:
    """Deliveries that wait, and their lanes: a repeat of them was urgent."""
    for chunk in chunks(ids):
        raised = and_(among(delivery.c.id, "ids"), text(f"delivery.{QUEUED}"))
        connection.execute(update(lane).where(lane.c.id.in_(select(delivery.c.lane).where(raised))).values(urgent=1), {"ids": chunk})
        connection.execute(update(delivery).where(raised).values(urgent=1), {"ids": chunk})


# Handing out

DUE = select(lane).where(
    lane.c.endpoint == bindparam("endpoint"), text(WAITS), lane.c.urgent == bindparam("urgency"),
    lane.c.due <= bindparam("now")).order_by(lane.c.due).limit(bindparam("most")).with_for_update(skip_locked=True)
HEADS = select(
    lane.c.id.label("lane"), lane.c.endpoint, lane.c.subject, delivery.c.id.label("delivery"), delivery.c.key, delivery.c.kind,
    delivery.c.attempts, delivery.c.accepted, delivery.c.expires, delivery.c.urgent, delivery.c.place,
    delivery.c.says, ANY_URGENT.label("any_urgent"),
).join(delivery, delivery.c.id == FIRST_WAITING.scalar_subquery()).where(among(lane.c.id, "lanes"))
NEEDS = select(need.c.delivery, need.c.subject).where(among(need.c.delivery, "deliveries"))
FIRSTS = select(lane.c.id, lane.c.subject, lane.c.state, FIRST_SINCE.scalar_subquery().label("since")).where(
    lane.c.endpoint == bindparam("endpoint"), among(lane.c.subject, "subjects"), lane.c.state != "idle")
LEFT_OUT = func.coalesce(delivery.c.outcome, "") == SKIPPED
LAST_SETTLED = select(delivery.c.id).where(
    delivery.c.lane == lane.c.id, delivery.c.state.in_(("done", "dead")), ~LEFT_OUT,
    delivery.c.id < func.coalesce(FIRST_WAITING.scalar_subquery(), EVER)).order_by(delivery.c.id.desc()).limit(1).correlate(lane)
REFUSED = select(lane.c.id.label("lane"), delivery.c.id, delivery.c.since, delivery.c.says).join(
    delivery, delivery.c.id == LAST_SETTLED.scalar_subquery()).where(among(lane.c.id, "lanes"), delivery.c.state == "dead")
PAYLOADS = select(payload.c.delivery, payload.c.sealed).where(among(payload.c.delivery, "deliveries"))
CLAIM = update(lane).where(lane.c.id == bindparam("of")).values(
    worker=bindparam("by"), head=bindparam("first"), since=bindparam("at"), due=None, generation=lane.c.generation + 1)
DEFER = update(lane).where(among(lane.c.id, "lanes")).values(due=bindparam("to"))
RAISE = update(lane).where(among(lane.c.id, "lanes"), lane.c.state == "active").values(urgent=1)


def due_lanes(connection: Connection, endpoint_: str, urgency: int, now: float, most: int) -> Sequence[RowMapping]:
    return rows(connection, DUE, {"endpoint": endpoint_, "urgency": urgency, "now": now, "most": most})


def heads(connection: Connection, lanes: Collection[int]) -> dict[int, RowMapping]:
    """The first undelivered one of each lane that has any."""
    return {row["lane"]: row for row in _all(connection, HEADS, "lanes", lanes)}


def refused_in_front(connection: Connection, lanes: Collection[int]) -> dict[int, RowMapping]:
    """By lane: what was settled last before the first that waits, where it was refused and nobody has left it out."""
    return {row["lane"]: row for row in _all(connection, REFUSED, "lanes", lanes)}


def needs(connection: Connection, deliveries: Collection[int]) -> list[RowMapping]:
    return _all(connection, NEEDS, "deliveries", deliveries)


def firsts(connection: Connection, endpoint_: str, subjects: Collection[str]) -> dict[str, RowMapping]:
    """Of the lanes that are not idle: since when the first waits there, by subject."""
    return {row["subject"]: row for row in _all(connection, FIRSTS, "subjects", subjects, {"endpoint": endpoint_})}


def payloads(connection: Connection, deliveries: Collection[int]) -> dict[int, bytes]:
    return {row["delivery"]: row["sealed"] for row in _all(connection, PAYLOADS, "deliveries", deliveries)}


def claim(connection: Connection, worker_: str, at: float, first: Mapping[int, int]) -> None:
    """`first`: lane -> delivery."""
    _many(connection, CLAIM, [{"of": of, "by": worker_, "at": at, "first": head} for of, head in first.items()])


def defer(connection: Connection, lanes: Collection[int], to: float) -> None:
    for chunk in chunks(lanes):
        connection.execute(DEFER, {"lanes": chunk, "to": to})


def raise_lanes(connection: Connection, lanes: Collection[int]) -> None:
    for chunk in chunks(lanes):
        connection.execute(RAISE, {"lanes": chunk})


# Settling

SETTLE = update(delivery).where(delivery.c.id == bindparam("of")).values({
    name: bindparam(f"to_{name}") for name in ("state", "settled", "attempts", "outcome", "says")})
LANE_SETTLED = update(lane).where(lane.c.id == bindparam("of"), lane.c.generation == bindparam("at_generation")).values({
    name: bindparam(f"to_{name}") for name in ("state", "held", "held_because", "urgent", "due", "worker", "head", "since", "generation")})
BEHIND = select(delivery.c.id).where(
    delivery.c.lane == lane.c.id, text(f"delivery.{QUEUED}"), delivery.c.kind.in_(("complete", "retraction")), delivery.c.id > lane.c.head)
NEEDLESS_HEADS = select(lane.c.id, lane.c.head).join(delivery, delivery.c.id == lane.c.head).where(
    among(lane.c.id, "lanes"), delivery.c.kind != "retraction", BEHIND.correlate(lane).exists())
FREED = select(lane.c.id).join(delivery, delivery.c.lane == lane.c.id).join(need, need.c.delivery == delivery.c.id).where(
    lane.c.endpoint == bindparam("endpoint"), among(need.c.subject, "subjects"), text(f"delivery.{QUEUED}"),
    lane.c.state == "active", lane.c.worker.is_(None), lane.c.due > bindparam("now"))
# The endpoint is compared as an expression, so that SQLite begins with the few that have expired, not with all of the endpoint's lanes.
EXPIRED = select(delivery.c.lane).join(lane, lane.c.id == delivery.c.lane).where(
    text(f"delivery.{QUEUED}"), delivery.c.expires < bindparam("now"), lane.c.endpoint + "" == bindparam("endpoint"),
    lane.c.worker.is_(None), lane.c.held != "restored", delivery.c.id == FIRST_WAITING.scalar_subquery()).limit(MANY)


def settle(connection: Connection, deliveries: Sequence[Row], attempts: Sequence[Row], finished: Collection[int]) -> None:
    """`finished`: those that need nothing any more."""
    _many(connection, SETTLE, deliveries)
    _many(connection, insert(attempt), attempts)
    for chunk in chunks(finished):
        connection.execute(NEEDLESS, {"ids": chunk})


def needless_heads(connection: Connection, lanes: Collection[int]) -> dict[int, int]:
    """By lane, what is in flight and was superseded but for that: something behind it says the whole."""
    return {row["id"]: row["head"] for row in _all(connection, NEEDLESS_HEADS, "lanes", lanes)}


def stand_for(connection: Connection, gone: Mapping[int, int]) -> None:
    """Deliveries take the place of others of their lanes: id -> whose."""
    other = delivery.alias("other")
    theirs = select(other.c.since).where(other.c.id == bindparam("whose")).scalar_subquery()
    _many(connection, update(delivery).where(delivery.c.id == bindparam("of"), delivery.c.since > theirs).values(since=theirs),
          [{"of": of, "whose": whose} for of, whose in gone.items()])


def lanes_settled(connection: Connection, values: Sequence[Row]) -> None:
    _many(connection, LANE_SETTLED, values)


def waiting_for(connection: Connection, endpoint_: str, subjects: Collection[str], now: float) -> list[int]:
    """Lanes that were put off because one of these was not idle."""
    return [row["id"] for row in _all(connection, FREED, "subjects", subjects, {"endpoint": endpoint_, "now": now})]


def expired_heads(connection: Connection, endpoint_: str, now: float) -> Sequence[RowMapping]:
    return rows(connection, EXPIRED, {"endpoint": endpoint_, "now": now})


def earliest(connection: Connection, endpoint_: str, urgent_only: bool) -> float | None:
    """When the next is due there."""
    found = [connection.execute(
        select(func.min(lane.c.due)).where(lane.c.endpoint == endpoint_, text(WAITS), lane.c.urgent == urgency)).scalar()
        for urgency in ((1,) if urgent_only else (1, 0))]
    return min((due for due in found if due is not None), default=None)


# Workers

def add_worker(connection: Connection, name: str) -> bool:
    """False: there is one of this name."""
    added = _if_new(connection, worker).returning(worker.c.name)
    return connection.execute(added, {"name": name, "beat": 0}).first() is not None


def beat(connection: Connection, name: str) -> bool:
    return connection.execute(update(worker).where(worker.c.name == name).values(beat=worker.c.beat + 1)).rowcount == 1


def beats(connection: Connection) -> dict[str, int]:
    return {row["name"]: row["beat"] for row in rows(connection, select(worker))}


def remove_workers(connection: Connection, names: Collection[str]) -> None:
    connection.execute(delete(worker).where(worker.c.name.in_(names)))


def lanes_in_flight(connection: Connection, workers: Collection[str]) -> Sequence[RowMapping]:
    return rows(connection, select(lane).where(lane.c.worker.in_(workers)).order_by(lane.c.id).with_for_update())


def workers_in_flight(connection: Connection) -> set[str]:
    return set(connection.execute(select(lane.c.worker).where(lane.c.worker.is_not(None)).distinct()).scalars())


# Endpoints

def endpoint_now(connection: Connection, name: str) -> RowMapping | None:
    return connection.execute(select(endpoint).where(endpoint.c.name == name)).mappings().first()


def add_endpoint(connection: Connection, name: str) -> None:
    connection.execute(_if_new(connection, endpoint), {"name": name, "failures": 0})


def endpoint_failed(connection: Connection, name: str, until: float | None) -> int:
    add_endpoint(connection, name)
    changed = update(endpoint).where(endpoint.c.name == name).values(
        failures=endpoint.c.failures + 1, open_until=func.coalesce(until, endpoint.c.open_until)).returning(endpoint.c.failures)
    return int(connection.execute(changed).scalar_one())


def endpoint_succeeded(connection: Connection, name: str) -> None:
    connection.execute(update(endpoint).where(endpoint.c.name == name).values(failures=0, open_until=None))


def endpoint_probed(connection: Connection, name: str, now: float, until: float) -> bool:
    due = and_(endpoint.c.name == name, endpoint.c.open_until <= now)
    return connection.execute(update(endpoint).where(due).values(open_until=until)).rowcount == 1


def endpoint_taken(connection: Connection, name: str, now: float, seconds: float) -> float:
    """When it ends: `seconds` after now, or after what was taken before."""
    add_endpoint(connection, name)
    start = case((func.coalesce(endpoint.c.pace_next, now) > now, endpoint.c.pace_next), else_=now)
    taken = update(endpoint).where(endpoint.c.name == name).values(pace_next=start + seconds).returning(endpoint.c.pace_next)
    return float(connection.execute(taken).scalar_one())


# The store itself

def newest(connection: Connection) -> float:
    """The newest time in it; 0.0 where it is empty."""
    times = [connection.execute(select(column).order_by(table.c.id.desc()).limit(1)).scalar()
             for table, column in ((delivery, delivery.c.accepted), (attempt, attempt.c.ended))]
    return max((time for time in times if time is not None), default=0.0)


def setting_of(connection: Connection, name: str) -> str | None:
    return connection.execute(select(setting.c.value).where(setting.c.name == name)).scalar()


def set_setting(connection: Connection, name: str, value: str | None) -> None:
    connection.execute(delete(setting).where(setting.c.name == name))
    if value is not None:
        connection.execute(insert(setting).values(name=name, value=value))


def forget_settings(connection: Connection, beginning: str) -> None:
    connection.execute(delete(setting).where(setting.c.name.startswith(beginning, autoescape=True)))


# For people

IN_FLIGHT = and_(lane.c.worker.is_not(None), lane.c.head == delivery.c.id)
KEPT = exists().where(payload.c.delivery == delivery.c.id).correlate(delivery)
LINES = select(
    delivery, lane.c.endpoint, lane.c.subject, lane.c.state.label("lane_state"), lane.c.held, lane.c.held_because, lane.c.due,
    case((IN_FLIGHT, 1), else_=0).label("in_flight"), KEPT.label("kept")).join(lane, lane.c.id == delivery.c.lane)
LATER = delivery.alias("later")
TOLD_SINCE = exists().where(LATER.c.lane == delivery.c.lane, LATER.c.id > delivery.c.id, LATER.c.state == "done").correlate(delivery)
OF_LANE = and_(delivery.c.lane == lane.c.id, text(f"delivery.{QUEUED}"))
LANE_LINES = select(
    lane, select(func.count()).where(OF_LANE).correlate(lane).scalar_subquery().label("waiting"),
    select(func.min(delivery.c.accepted)).where(OF_LANE).correlate(lane).scalar_subquery().label("oldest"))


def lines(connection: Connection, most: int, before: int | None, among_: Mapping[str, Any], look: bool = False) -> Sequence[RowMapping]:
    """The newest first. `among_`: what must be so, by name; what is None is left out. `look`: only what has told something that is for a
    person, and nothing was delivered after it that might have told it again."""
    columns = {"id": delivery.c.id, "lane": delivery.c.lane, "state": delivery.c.state, "endpoint": lane.c.endpoint,
               "subject": lane.c.subject}
    asked = [columns[name] == value for name, value in among_.items() if value is not None]
    if before is not None:
        asked.append(delivery.c.id < before)
    if look:
        asked += [delivery.c.outcome == LOOK, ~TOLD_SINCE]
    return rows(connection, LINES.where(*asked).order_by(delivery.c.id.desc()).limit(most))


def attempts_of(connection: Connection, deliveries: Collection[int]) -> list[RowMapping]:
    asked = select(attempt).where(among(attempt.c.delivery, "ids")).order_by(attempt.c.id)
    return _all(connection, asked, "ids", sorted(deliveries))


def lane_line(connection: Connection, of: int) -> RowMapping | None:
    return connection.execute(LANE_LINES.where(lane.c.id == of)).mappings().first()


def held_lanes(connection: Connection, endpoint_: str | None, most: int | None) -> Sequence[RowMapping]:
    asked = LANE_LINES.where(text("lane.state = 'held'"))
    asked = asked.where(lane.c.endpoint == endpoint_) if endpoint_ is not None else asked
    return rows(connection, asked.order_by(lane.c.urgent.desc(), lane.c.endpoint, lane.c.id).limit(most))


def counted(connection: Connection) -> Sequence[RowMapping]:
    """Deliveries by endpoint and state."""
    return rows(connection, select(lane.c.endpoint, delivery.c.state, func.count().label("count")).join(
        delivery, delivery.c.lane == lane.c.id).group_by(lane.c.endpoint, delivery.c.state))


def ever_accepted(connection: Connection) -> dict[str, int]:
    """As the lanes have counted them, by endpoint."""
    asked = select(lane.c.endpoint, func.sum(lane.c.accepted).label("count")).group_by(lane.c.endpoint)
    return {row["endpoint"]: int(row["count"]) for row in rows(connection, asked)}


def later_in(connection: Connection, of: int, than: int) -> Sequence[RowMapping]:
    """Deliveries of a lane that were accepted after one, and are neither superseded nor left out."""
    asked = select(delivery.c.kind, delivery.c.state, case((IN_FLIGHT, 1), else_=0).label("in_flight")).join(
        lane, lane.c.id == delivery.c.lane).where(delivery.c.lane == of, delivery.c.id > than, delivery.c.state != "superseded",
                                                  ~and_(delivery.c.state == "dead", LEFT_OUT))
    return rows(connection, asked)


def queue_again(connection: Connection, of: int, expires: float | None) -> None:
    connection.execute(update(delivery).where(delivery.c.id == of).values(state="queued", settled=None, expires=expires))


# Keeping it

def pages(connection: Connection) -> tuple[int, int]:
    """Of SQLite: bytes in use and bytes in its file that are free to use again."""
    asked = ("page_size", "page_count", "freelist_count")
    size, count, free = (connection.exec_driver_sql(f"PRAGMA {what}").scalar_one() for what in asked)
    return int(size * (count - free)), int(size * free)


def database_size(connection: Connection) -> int:
    return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def accepted_since(connection: Connection, time: float) -> int:
    return int(connection.execute(select(func.count()).where(delivery.c.accepted >= time)).scalar_one())


def how_many(connection: Connection) -> tuple[int, int]:
    """Deliveries, and of them those that wait."""
    return (int(connection.execute(select(func.count()).select_from(delivery)).scalar_one()),
            int(connection.execute(select(func.count()).select_from(delivery).where(text(QUEUED))).scalar_one()))


def oldest_waiting(connection: Connection) -> float | None:
    """When the delivery was accepted that waits longest."""
    return connection.execute(select(func.min(delivery.c.accepted)).where(text(QUEUED))).scalar()


def old_payloads(connection: Connection, settled_before: float, after: int) -> list[int]:
    """Of deliveries that wait for nothing any more: the next few ids after one."""
    asked = select(payload.c.delivery).join(delivery, delivery.c.id == payload.c.delivery).where(
        payload.c.delivery > after, delivery.c.settled < settled_before).order_by(payload.c.delivery).limit(MANY)
    return list(connection.execute(asked).scalars())


def remove_payloads(connection: Connection, ids: Collection[int]) -> None:
    connection.execute(delete(payload).where(payload.c.delivery.in_(ids)))


def payloads_not_of(connection: Connection, key_id: str, after: int) -> Sequence[RowMapping]:
    """Sealed with another key: the next few ids after one, locked."""
    asked = select(payload.c.delivery, payload.c.sealed, delivery.c.key).join(delivery, delivery.c.id == payload.c.delivery).where(
        payload.c.key_id != key_id, payload.c.delivery > after)
    return rows(connection, asked.order_by(payload.c.delivery).limit(MANY).with_for_update(of=payload))


def keys_in_use(connection: Connection) -> dict[str, int]:
    """How many payloads are sealed with which key."""
    asked = select(payload.c.key_id, func.count().label("count")).group_by(payload.c.key_id)
    return {row["key_id"]: row["count"] for row in rows(connection, asked)}


def resealed(connection: Connection, values: Sequence[Row]) -> None:
    _many(connection, update(payload).where(payload.c.delivery == bindparam("of")).values(
        sealed=bindparam("to_sealed"), key_id=bindparam("to_key_id")), values)


def hold_all(connection: Connection, because: str) -> None:
    """Every lane that a person has not held, and nobody works on any."""
    connection.execute(delete(worker))
    connection.execute(update(lane).values(worker=None, head=None, since=None, due=None, generation=lane.c.generation + 1))
    connection.execute(update(lane).where(lane.c.held != "hand").values(state="held", held="restored", held_because=because))


def lanes_held(connection: Connection, why: str, endpoint_: str | None, after: int, most: int = MANY) -> list[int]:
    """The next few ids after one."""
    asked = select(lane.c.id).where(text("lane.state = 'held'"), lane.c.held == why, lane.c.id > after)
    asked = asked.where(lane.c.endpoint == endpoint_) if endpoint_ is not None else asked
    return list(connection.execute(asked.order_by(lane.c.id).limit(most)).scalars())
