"""Wires everything: settings → database, content, bot → routes. The only module that may import all the others."""

import asyncio
import contextlib
import hmac
import os
import resource
import secrets
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from sanic import HTTPResponse, Request, Sanic, Websocket, json
from sanic.exceptions import Forbidden, Unauthorized
from sqlalchemy.exc import SQLAlchemyError

from handover.bootstrap import ROOT, model_path
from handover.bus import Alone, Bus
from handover.bus.redis import RedisBus
from handover.channels.api.callers import Callers
from handover.channels.api.gesprekken import Gesprekken
from handover.channels.api.klantinteracties import Klantinteracties
from handover.channels.api.routes import add_api
from handover.channels.connection import SOCKET_AT_MOST
from handover.channels.console.login import Gate
from handover.channels.console.pop import ScreenPop
from handover.channels.console.socket import Consoles, ConsoleSocket, Origin
from handover.channels.limits import Budget, OpenSockets, client_address
from handover.channels.mine.access import Accesses
from handover.channels.mine.routes import Mine, add_mine
from handover.channels.pages import add_pages, allowed_origin
from handover.channels.voice.calls import Calls
from handover.channels.voice.routes import Gateways, add_voice
from handover.channels.web.identity import Identities
from handover.channels.web.socket import Residents, ResidentSocket
from handover.codes import Codes
from handover.content.library import Library
from handover.conversation.conversation import Conversation, Refused
from handover.conversation.events import Event, StaffLost
from handover.history.database import is_sqlite, migrate
from handover.history.people import People
from handover.history.retention import Retention, Terms
from handover.history.store import Store, Unavailable
from handover.history.vault import Vault, VaultError, open_vault
from handover.hub import Hub
from handover.metrics import Metrics
from handover.perform import NotFound, Performer
from handover.rasa import Bot
from handover.rasa_process import Feed, RasaProcess
from handover.registers.open_klant.rules import read_rules
from handover.settings import SettingError, Settings
from handover.staff.accounts import Accounts
from handover.staff.desk import Desk
from handover.staff.presence import Presence
from handover.staff.tokens import ApiTokens
from handover.tell import Teller
from handover.tracing import start_tracing, stop_tracing

log = structlog.get_logger()
TICK = 0.5  # seconds between looks at the clock
RETENTION = 60.0  # seconds between looks at what has had its time
BEAT = 20.0  # seconds between heartbeats to the consoles
LAG_OVER = 0.25  # seconds over which the lateness of the loop is measured
TERM = 2.0  # seconds for which a process is elected to run the timers
LOOK_ROUND = 15.0  # seconds between looks into the store for what the bus did not tell
LOOK_ROUND_DEAF = 1.0  # the same while the bus is away
SOCKETS_AT_MOST = 200  # open at once from one address, on one process: a whole office behind one address
CONSOLES_AT_MOST = 10  # open at once by one person, on one process
FILES_FOR_RESIDENTS = 0.8  # of the files that this process may open: beyond that new residents are refused, and told so
SESSION_CHECK = 2.0  # seconds within which a log-out, a lost role or a disabled account closes the sockets

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Service:
    """Everything but the HTTP routes: made from settings, started, stopped. `make_app` puts the routes on it."""

    def __init__(self, settings: Settings, now: Clock = utc_now, rasa: Feed | None = None) -> None:
        """Reads all content; raises ContentError, and SettingError when there is no model.

        `rasa`: where the Rasa processes are that somebody else keeps running. Without it we do.
        """
        self.model = model_path()
        if not self.model.exists():
            raise SettingError("there is no trained model for what is in bot/ and data/ now; 'make train' makes it")
        self.settings, self.now = settings, now
        self.library = Library(ROOT / "data", settings.municipality, settings.opening_hours)
        self.secrets = make_secrets(settings.data)
        self.vault = open_secrets(settings)
        self.rules = read_rules(self.library.facts)
        self.teller: Teller | None = None
        self.identities = Identities(settings.identity_keys, settings.identity_issuer, settings.public_url)
        self.bus: Bus = RedisBus(settings.redis_url) if settings.redis_url else Alone()
        self.hub = Hub(self.bus)
        self.metrics = Metrics()
        self.metrics.beside = lambda: [*_of_teller(self.teller), *_of_retention(self)]
        self._rasa = rasa
        self._looked_round = float("-inf")  # monotonic
        self.ready = False
        self._tasks: list[asyncio.Task[Any]] = []

    async def start(self, port: int) -> None:
        """Opens the database, then starts the clock and the Rasa processes, which ask for actions on `port`."""
        if self.settings.traces_url:
            start_tracing(self.settings.traces_url)
        await self._database_is_there()
        self.store = Store(self.settings.database_url, self.vault, self.settings.reference_prefix)
        await self.store.start()
        self.bot = Bot(self.secrets["WEGWIJS_BOT_TOKEN"])
        self.presence = Presence(self.store, self.now(), self.bus, lambda staff: any(self.hub.consoles_of(staff)))
        self.desk = Desk(self.library, self.presence, self.now)
        self.performer = Performer(self.store, self.hub, self.bot, self.library, self.now, self.bus, self.metrics)
        self.performer.hand_over = self.desk.human_asked
        self.retention = self.performer.retention = Retention(self.store, Terms.of(self.library.facts.kept_days))
        self.accounts = Accounts(self.store)
        self._tasks.append(asyncio.create_task(self.accounts.warm_up()))
        self.codes = Codes(self.store, self.now)
        self.calls = Calls(self.performer, self.store, self.hub, self.desk, self.library, self.codes)
        self.calls.answer_seconds = self.metrics.answer_seconds.observe
        self.gateways = Gateways(self.calls, self.library, self.settings, self.now)
        chat_url = self.library.facts.chat_url or f"{self.settings.public_url}/"
        self.consoles = Consoles(
            self.performer, self.store, self.hub, self.presence, self.library, self.codes, chat_url, self.bus, calls=self.settings.calls
        )
        self.people = People(self.store)
        self.tokens = ApiTokens(self.store)
        self.moments = Klantinteracties(self.store, self.library, self.people, self.settings.public_url, self.settings.reference_prefix)
        self.talks = Gesprekken(self.store, self.moments)
        self.residents = Residents(
            self.performer, self.store, self.hub, self.desk, self.library, self.identities, self.people, self.codes,
            calls=self.settings.calls,
        )  # fmt: skip
        self.executor: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._tasks.append(asyncio.create_task(self._load_actions()))
        if self.settings.openklant:
            await self._start_telling(self.settings.openklant)
        if self._rasa:
            self._tasks.append(asyncio.create_task(self._rasa.follow(self.bot), name="rasa"))
        else:
            self._tasks += start_rasa(self.settings, self.bot, self.model, self.secrets, port)
        self.bus.on("gap", lambda _what: self._look_round())
        await self.bus.start(await self.store.installation())
        works = ((self._tick, TICK), (self._beat, BEAT), (self._check_sessions, SESSION_CHECK), (self._watch_the_loop, 0.0),
                 (self._retain, RETENTION))  # fmt: skip
        for work, every in works:
            self._tasks.append(asyncio.create_task(self._repeat(work, every), name=work.__name__))
        self.ready = True

    async def _database_is_there(self) -> None:
        """A process that starts while the database is away waits for it; whoever comes meanwhile is answered by the others."""
        while True:
            try:
                return await migrate(self.settings.database_url)
            except (SQLAlchemyError, OSError) as error:
                if is_sqlite(self.settings.database_url):
                    raise
                log.error("start.waits", error=type(error).__name__)
            await asyncio.sleep(1)

    async def _start_telling(self, openklant: tuple[str, str]) -> None:
        """Nothing of the dialogue waits for Open Klant: it only leaves items in the database."""
        teller = self.teller = Teller(self.store, self.settings.database_url, openklant, self.rules, self.library.team_for, self.now)
        await teller.start()
        teller.callback_done = self.consoles.callbacks_changed
        self.performer.beside = teller.beside
        self.metrics.outbox_age = lambda: asyncio.sleep(0, teller.oldest_seconds())
        for work, every in teller.loops():
            self._tasks.append(asyncio.create_task(self._repeat(work, every), name=work.__name__))

    async def _load_actions(self) -> None:
        """rasa-sdk takes most of a second to import; nobody asks for an action before Rasa is up, which takes longer."""

        def load() -> Any:
            from rasa_sdk.executor import ActionExecutor

            import actions

            executor = ActionExecutor()
            actions.register(executor, self.library, self.desk)
            return executor

        self.executor.set_result(await asyncio.to_thread(load))

    async def stop(self) -> None:
        """Residents are told by their sockets closing; what was handed in is written first."""
        self.ready = False
        for console in list(self.hub.consoles):
            console.drop(1001, "restarting")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.calls.stop()
        await self.performer.stop()
        if self.teller:
            await self.teller.close()
        await self.bus.stop()
        await self.bot.close()
        await self.store.stop()
        await asyncio.to_thread(stop_tracing)

    async def _repeat(self, work: Callable[[], Awaitable[None]], every: float) -> None:
        """A failure is logged, and the work goes on at the next turn: timers must not die of a full disk."""
        while True:
            try:
                await work()
            except Exception as error:
                log.error("loop.failed", work=getattr(work, "__name__", ""), error=type(error).__name__, exc_info=error)
            await asyncio.sleep(every)

    async def _tick(self) -> None:
        """What time does: limits of conversations, staff of whom nothing was heard, news for the consoles."""
        await self.performer.mend()
        now = self.now()
        self.presence.ticked(now)
        if self.bus.shared and time.monotonic() - self._looked_round > (LOOK_ROUND if self.bus.up else LOOK_ROUND_DEAF):
            await self._look_round()
        if await self.bus.elected("timers", TERM):  # were two elected, the version that the store compares keeps them right
            await self.performer.work_off()
            for conversation, owner in await self.store.owned():
                if self.presence.lost(owner, now):
                    with contextlib.suppress(Refused, NotFound):
                        await self.performer.perform(conversation, _lost(owner))
        await self.consoles.broadcast(beat=False)
        self._measure()

    def _measure(self) -> None:
        figures = (
            (self.metrics.resident_sockets, len(self.hub)), (self.metrics.consoles, len(self.hub.consoles)),
            (self.metrics.bot_up, self.bot.up), (self.metrics.bus_up, self.bus.up),
        )  # fmt: skip
        for gauge, value in figures:
            gauge.set(int(value))

    async def _watch_the_loop(self) -> None:
        """How late it is when it should go on: what everybody waits for who talks to this process."""
        began = time.monotonic()
        await asyncio.sleep(LAG_OVER)
        self.metrics.lag.set(max(time.monotonic() - began - LAG_OVER, 0))

    async def _look_round(self) -> None:
        """Finds in the store what the bus could not tell."""
        self._looked_round = time.monotonic()
        try:
            await self.presence.catch_up(self.now())
            await self.performer.catch_up()
        except Unavailable:
            self._looked_round = float("-inf")

    async def _beat(self) -> None:
        await self.calls.forget(self.now())
        await self.consoles.broadcast(beat=True)
        answers = self.library.answers.overdue(self.now().date())
        if answers and await self.bus.elected("warnings", BEAT * 2):
            log.warning("answers.withheld", count=len(answers), owners=sorted({owner for _, _, owner in answers}))

    async def _retain(self) -> None:
        """What has had its time goes, also what no conversation's own clock says; what was closed is not kept in memory."""
        await self.retention.run(self.now())
        self.performer.let_go()

    async def _check_sessions(self) -> None:
        """Closes the sockets of sessions that hold no more, at once (SEC-8), and keeps the others alive."""
        now, consoles = self.now(), list(self.hub.consoles)
        await self.store.touch_sessions([console.session for console in consoles if console.active], now)
        for console in consoles:
            console.active = False
        members = await self.accounts.members_of([console.session for console in consoles], now)
        for console in consoles:
            if members.get(console.session) != console.member:
                console.drop(1008, "log in again")

    async def figures(self) -> bytes:
        """What Prometheus is told."""
        return await self.metrics.text(self.store, self.now())

    def open(self) -> bool:
        return self.library.facts.hours.is_open(self.now())

    def health(self) -> tuple[int, dict[str, str]]:
        if not self.ready:
            return 503, {"status": "starting"}
        return 200, {"status": "ok", "bot": "ok" if self.bot.up else "down"}


def start_rasa(
    settings: Settings, bot: Bot, model: Path, secrets: dict[str, str], port: int, moved: Callable[[], None] = lambda: None
) -> list[asyncio.Task[None]]:
    """The Rasa processes, which ask for actions on `port`; each task keeps one of them running until it is cancelled."""
    host = settings.host if settings.host not in ("0.0.0.0", "::", "localhost") else "127.0.0.1"  # noqa: S104
    address = f"[{host}]" if ":" in host else host
    env = {**secrets, "WEGWIJS_ACTIONS_URL": f"http://{address}:{port}/internal/actions"}
    del env["WEGWIJS_METRICS_TOKEN"]
    logs = settings.data / "logs"
    logs.mkdir(exist_ok=True)
    numbers = range(1, settings.rasa_processes + 1)
    processes = [RasaProcess(bot, model, env, logs / f"rasa-{number}.log", moved) for number in numbers]
    return [asyncio.create_task(process.run(), name=f"rasa {number}") for number, process in enumerate(processes, 1)]


def make_secrets(data: Path) -> dict[str, str]:
    """Of this machine: between its processes, and for who reads the metrics."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {f"WEGWIJS_{name}_TOKEN": _secret(data, name.lower()) for name in ("BOT", "ACTIONS", "METRICS")}


def _lost(owner: UUID) -> Callable[[Conversation], Event | None]:
    return lambda c: StaffLost(owner) if c.owner and c.owner.staff == owner else None


def make_app(service: Service, port: int) -> Sanic:
    """The Sanic application of `service`, which it starts and stops."""
    settings = service.settings
    app = Sanic("wegwijs", configure_logging=False, strict_slashes=True)  # guards compare paths: "/x/" is not "/x"
    app.config.update(
        REQUEST_MAX_SIZE=262_144, REQUEST_MAX_HEADER_SIZE=65_536,  # an API's query may have many filters
        REQUEST_BUFFER_SIZE=65_536, REQUEST_TIMEOUT=30, RESPONSE_TIMEOUT=30, KEEP_ALIVE_TIMEOUT=75,
        WEBSOCKET_MAX_SIZE=SOCKET_AT_MOST, WEBSOCKET_PING_INTERVAL=20, WEBSOCKET_PING_TIMEOUT=20, FALLBACK_ERROR_FORMAT="json",
        TOUCHUP=False, GRACEFUL_SHUTDOWN_TIMEOUT=3.0,
    )  # fmt: skip
    add_pages(app, settings, service.library, is_open=service.open, health=service.health, metrics=service.figures,
              metrics_token=service.secrets["WEGWIJS_METRICS_TOKEN"])  # fmt: skip
    add_voice(app, lambda: service.gateways)
    starts, logins = Budget("starts", 60, 0.5, service.bus), Budget("logins", 60, 1, service.bus)
    sockets = OpenSockets(SOCKETS_AT_MOST)
    residents_at_most = int(resource.getrlimit(resource.RLIMIT_NOFILE)[0] * FILES_FOR_RESIDENTS)

    def address(request: Request) -> str:
        return client_address(request, settings.trusted_proxies)

    @app.before_server_start
    async def start(app: Sanic) -> None:
        await service.start(port)
        app.ctx.callers = Callers(service.store, service.tokens, service.identities, service.people, service.now, address)
        accesses = Accesses(service.store, service.identities, service.people, service.now)
        app.ctx.mine = Mine(service.store, service.performer, service.library, accesses, address, settings.own_origins, service.bus)
        app.ctx.gate = Gate(service.accounts, service.store, service.hub, service.now, address, secure=settings.secure, bus=service.bus)
        app.ctx.pop = ScreenPop(app.ctx.gate, service.store, service.now, address)

    @app.before_server_stop
    async def stop(_app: Sanic) -> None:
        await service.stop()

    @app.on_request
    async def name_it(request: Request) -> None:
        """Every line of log that follows from this request, or from what comes in on this socket, carries its id (SEC-18)."""
        request.ctx.id = str(request.id)[:40]  # a client may send one of its own
        structlog.contextvars.bind_contextvars(request_id=request.ctx.id)

    @app.on_request
    async def only_from_our_pages(request: Request) -> None:
        """Browsers do not guard WebSockets; Origin does (SEC-5)."""
        origin = request.headers.get("origin")
        if request.path == "/chat/ws" and not allowed_origin(origin, settings.origins | settings.own_origins):
            raise Forbidden("origin")
        staff = request.path == "/console/ws" or (request.path.startswith("/console/") and request.method == "POST" and origin is not None)
        if staff and not allowed_origin(origin, settings.own_origins):
            raise Forbidden("origin")

    @app.websocket("/chat/ws")
    async def resident_socket(request: Request, ws: Websocket) -> None:
        whence = address(request)
        with sockets.one(whence) as free:
            if not free or len(service.hub) >= residents_at_most:
                service.metrics.dropped.labels("too_many").inc()
                await ws.close(1013, "too many sockets")
                return
            await ResidentSocket(ws, service.residents, lambda: starts.take(whence), whence).run()

    @app.websocket("/console/ws")
    async def console_socket(request: Request, ws: Websocket) -> None:
        if sum(1 for _ in service.hub.consoles_of(request.ctx.member.staff)) >= CONSOLES_AT_MOST:
            service.metrics.dropped.labels("too_many").inc()
            await ws.close(1013, "too many sockets")
            return
        await ConsoleSocket(ws, service.consoles, request.ctx.member, Origin(address(request), request.ctx.id)).run()

    @app.on_request
    async def only_staff(request: Request) -> None:
        if request.path == "/console/ws":
            request.ctx.member = await request.app.ctx.gate.member(request)
            if request.ctx.member is None:
                raise Unauthorized("log in first")

    add_api(app, lambda: app.ctx.callers, lambda: service.moments, lambda: service.talks, lambda: service.performer,
            lambda origin: allowed_origin(origin, settings.origins | settings.own_origins))  # fmt: skip

    add_mine(app, lambda: app.ctx.mine)

    @app.post("/console/login")
    async def log_in(request: Request) -> HTTPResponse:
        if not await logins.take(address(request)):
            return json({"error": "too many tries"}, status=429)
        found: HTTPResponse = await request.app.ctx.gate.log_in(request)
        return found

    @app.post("/console/logout")
    async def log_out(request: Request) -> HTTPResponse:
        found: HTTPResponse = await request.app.ctx.gate.log_out(request)
        return found

    @app.get("/console/me")
    async def me(request: Request) -> HTTPResponse:
        found: HTTPResponse = await request.app.ctx.gate.me(request)
        return found

    @app.get("/console/handovers/<code:str>")
    async def screen_pop(request: Request, code: str) -> HTTPResponse:
        found: HTTPResponse = await request.app.ctx.pop.show(request, code)
        return found

    @app.post("/internal/actions")
    async def action(request: Request) -> HTTPResponse:
        """Rasa's custom actions. rasa-sdk's own server would answer an error with the whole request."""
        if not hmac.compare_digest(request.headers.get("x-wegwijs-token", "").encode(), service.secrets["WEGWIJS_ACTIONS_TOKEN"].encode()):
            raise Forbidden("token")
        executor = await service.executor
        from rasa_sdk.interfaces import ActionExecutionRejection  # there by now, see _load_actions

        try:
            # Rasa 3.6 sends the domain only to actions that ask for it; rasa-sdk 3.21 would refuse a call without one
            result = await executor.run({"domain": {}, **request.json})
        except ActionExecutionRejection as rejected:
            return json({"error": "rejected", "action_name": rejected.action_name}, status=400)
        return json(result.model_dump() if hasattr(result, "model_dump") else result)

    return app


def _of_teller(teller: Teller | None) -> list[Metric]:
    """All 0 where no register is told. Sent and put off are of the process that answers; the others are the same for all."""
    each: tuple[tuple[str, str, Callable[[Teller], float]], ...] = (
        ("waiting", "Items that wait to be sent to Open Klant", lambda teller: teller.standing.waiting),
        ("parked", "Items that Open Klant refused and that somebody must look at", lambda teller: teller.standing.parked),
        ("oldest_seconds", "How long the oldest item waits that nothing parked holds up", lambda teller: teller.oldest_seconds()),
        ("up", "Whether Open Klant can be reached with our token", lambda teller: float(teller.sender.condition == "ok")),
        ("sent", "Items sent since the start", lambda teller: teller.sender.counted.sent),
        ("put_off", "Tries put off since the start", lambda teller: teller.sender.counted.put_off),
    )
    return [GaugeMetricFamily(f"wegwijs_register_{name}", what, value=value(teller) if teller else 0.0) for name, what, value in each]


def _of_retention(service: Service) -> list[Metric]:
    ran, late = (service.retention.ran_at, service.retention.late) if service.ready else (None, 0)
    return [
        GaugeMetricFamily("wegwijs_retention_ran_seconds", "When retention was last worked off, Unix time; 0: not since the start",
                          value=ran.timestamp() if ran else 0),
        GaugeMetricFamily("wegwijs_retention_late", "Closed conversations of which a term was over more than a day ago", value=late),
    ]  # fmt: skip


def open_secrets(settings: Settings) -> Vault:
    """The key ring of the settings. Raises SettingError."""
    try:
        return open_vault(settings.data, settings.vault_keys, _write_secret)
    except VaultError as error:
        raise SettingError(f"WEGWIJS_VAULT_KEYS or {settings.data / 'secrets' / 'vault'}: {error}") from None


def _secret(data: Path, name: str) -> str:
    """Made at the first start, readable by the owner only."""
    folder = data / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    if not path.exists() or not path.read_text().strip():
        _write_secret(path, secrets.token_urlsafe(32))
    return path.read_text().strip()


def _write_secret(path: Path, text: str) -> None:
    """In place whole or not at all: a half-written secret would be one that anybody can guess."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    fresh.replace(path)
