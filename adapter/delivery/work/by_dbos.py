"""The engine for many machines: DBOS, in the store's own database. It says which worker has the next turn at an endpoint; what it knows
may be lost, for whoever works looks round in the store as well.

    accepted, or due again later  --in the same transaction-->  a turn is queued  -->  a worker with room takes it: turn(endpoint)

One queue for each endpoint, and of each worker one turn at a time there: a turn sends all that is due. Turns that are asked for within a
quarter of a second are one turn, by their id. Only an endpoint's name goes to DBOS. What has ended is deleted.
Source: docs.dbos.dev, Queues; DBOSClient.enqueue_in_transaction.
"""
from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from dbos import DBOS, DBOSClient
from dbos._error import DBOSException
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from adapter.delivery.store.opening import translated
from adapter.delivery.work.engine import Turn, until

if TYPE_CHECKING:
    from adapter.delivery.store.store import Store

log = logging.getLogger(__name__)
APPLICATION, VERSION, WORKFLOW = "redbag", "1", "turn"
POLL = 0.1  # seconds
ONE = 0.25  # seconds: turns at an endpoint that are asked for within this time are one
LOOK_ROUND = 1.0  # seconds between two looks for what nobody was woken for
LOST = (SQLAlchemyError, DBOSException)
KEPT = 600.0  # seconds that what has ended is kept; a turn's id is never used again after one


class Dbos:
    """`name`: of this worker, another on every machine and every process. The rest are seconds, as below."""

    def __init__(self, name: str, poll: float = POLL, look: float = LOOK_ROUND, kept: float = KEPT) -> None:
        self._name, self._poll, self._look, self._kept = name, poll, look, kept
        self._store: Store
        self._client: DBOSClient
        self._known = set[str]()

    def attach(self, store: Store) -> None:
        self._store = store
        self._client = DBOSClient(system_database_url=self._url, system_database_engine=store.engine, lazy=True)
        store.wake = self._woken

    @property
    def _url(self) -> str:
        return self._store.engine.url.render_as_string(hide_password=False)

    def _woken(self, connection: Connection, endpoint: str, delay: float) -> None:
        """In the store's transaction, and never its undoing: what is not queued here is found by looking round."""
        at = self._store.clock.now() + max(delay, 0.0)  # goes steadily: an id is never used again
        asked = {"workflow_name": WORKFLOW, "queue_name": queue(endpoint), "app_version": VERSION, "application_name": APPLICATION,
                 "workflow_id": f"{WORKFLOW}:{endpoint}:{int(at / ONE)}", **({"delay_seconds": delay} if delay > ONE else {})}
        with suppress(*LOST), connection.begin_nested():
            self._client.enqueue_in_transaction(connection, asked, endpoint)  # type: ignore[arg-type]

    async def run(self, turn: Turn, endpoints: Callable[[], Collection[str]], stop: asyncio.Event) -> None:
        while not stop.is_set():
            dbos = await self._begun(turn)
            try:
                while not stop.is_set():
                    await self._look_round(endpoints())
                    await until(stop, self._look)
            except LOST as error:
                log.warning("DBOS has lost its tables, or they are others now (%s): it begins anew", type(error).__name__)
                await until(stop, self._look)
            finally:
                await self._end(dbos)

    async def _begun(self, turn: Turn) -> DBOS:
        """Raises StoreError."""
        loop, self._known = asyncio.get_running_loop(), set()
        dbos = DBOS(config={"name": APPLICATION, "system_database_url": self._url, "application_version": VERSION,
                            "executor_id": self._name, "log_level": "ERROR"})

        async def taken(endpoint: str) -> float | None:
            return await turn(endpoint)

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
        async def one(endpoint: str) -> None:
            """In DBOS's own event loop; the turn itself is in the worker's."""
            due: float | None = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(taken(endpoint), loop))
            if due is not None:
                await asyncio.to_thread(self._store.write, lambda connection: self._woken(connection, endpoint, due))

        with translated(self._store.place):
            await asyncio.to_thread(DBOS.launch)
        return dbos

    async def _end(self, dbos: DBOS) -> None:
        """Nothing more is taken first: what is taken while its event loop is being stopped can only fail."""
        for stops in dbos.background_thread_stop_events:
            stops.set()
        await asyncio.sleep(2 * self._poll)
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)

    async def _look_round(self, endpoints: Collection[str]) -> None:
        """For whatever nobody was woken for: a worker that died in its turn, an endpoint that is new, a DBOS that has forgotten."""
        await asyncio.to_thread(self._wake_due, set(endpoints))

    def _wake_due(self, endpoints: set[str]) -> None:
        """Not by DBOS's async functions, which make its threads those of our event loop, and end with it."""
        for endpoint in endpoints - self._known:
            DBOS.register_queue(queue(endpoint), worker_concurrency=1, polling_interval_sec=self._poll)
            self._known.add(endpoint)
        for endpoint in endpoints:
            due = self._store.due(endpoint)
            if due is not None and due <= 0.0:
                self._store.write(lambda connection, endpoint=endpoint: self._woken(connection, endpoint, 0.0))  # type: ignore[misc]
        self._forget()

    def _forget(self) -> None:
        """What has ended long enough ago."""
        before = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - self._kept))
        ended = DBOS.list_workflows(
            status=["SUCCESS", "ERROR", "CANCELLED"], end_time=before, limit=500, load_input=False, load_output=False)
        if ended:
            DBOS.delete_workflows([each.workflow_id for each in ended])


def queue(endpoint: str) -> str:
    return f"redbag.{endpoint}"
