"""The `wegwijs` command."""

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from handover.content.files import ContentError
from handover.history_commands import history
from handover.settings import SettingError, read_settings

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Wegwijs: a municipal assistant that hands over to people.",
)
staff = typer.Typer(no_args_is_help=True, help="Staff accounts of the console.")
app.add_typer(staff, name="staff")
register = typer.Typer(no_args_is_help=True, help="Contact moments that Open Klant is told of.")
app.add_typer(register, name="register")
app.add_typer(history, name="history")
token = typer.Typer(no_args_is_help=True, help="Tokens of other systems for the API of contact moments.")
app.add_typer(token, name="token")

PR_SET_PDEATHSIG = 1
BACKLOG = 4096  # connections that wait while thousands come back at once; the kernel may allow less
FILES = 1_048_576  # open files wanted: one a socket
COLLECTED_AFTER = 20_000, 20, 50  # new objects, and rounds, after which Python looks for those that nobody needs any more


def main() -> None:
    """Every known mistake is one line on stderr and exit code 1 or 2."""
    try:
        app()
    except (SettingError, ContentError) as error:
        sys.exit(f"wegwijs: {error}")


@app.command()
def serve(with_parent: Annotated[bool, typer.Option(help="Stop when the process that started this one ends.")] = False) -> None:
    """Serve residents, staff and everything else on one port."""
    if with_parent:
        stop_with_parent(signal.SIGTERM)
    settings = read_settings()  # before the rest is imported: what is wrong is told at once
    from handover.supervisor import prepare, supervise

    raise_file_limit()
    library = prepare(settings)
    listening = listen_on(settings.host, settings.port)
    log_to(settings.data / "logs" / "service.log")
    typer.echo(f"Wegwijs serves {library.facts['name']}\n  residents  {settings.public_url}/\n  staff      {settings.public_url}/console")
    typer.echo("The assistant itself is ready some seconds later: /health says so. Ctrl+C stops.")
    if settings.workers > 1:
        sys.exit(asyncio.run(supervise(settings, listening)))
    from handover.app import Service, make_app

    serve_on(listening, make_app(Service(settings), settings.port))


@app.command()
def evaluate(questions: Path, results: Path) -> None:
    """Ask every question of a JSON-lines file and write what the assistant makes of it (docs/protocol.md)."""
    from handover.evaluate import run

    log_to(None)
    sys.exit(asyncio.run(run(read_settings(), questions, results)))


@app.command()
def content() -> None:
    """Check every file that editors write; the first mistake is told with its file, line and what is expected."""
    from handover.content.examples import check_examples, check_tables
    from handover.content.library import Library
    from handover.registers.open_klant.rules import read_rules
    from handover.settings import ROOT

    settings = read_settings()
    library = Library(ROOT / "data", settings.municipality, settings.opening_hours)
    read_rules(library.facts)
    examples = check_examples(ROOT / "data" / "nlu", library.topics, library.aspects)
    examples += check_tables(ROOT / "data", library.topics, library.aspects)
    typer.echo(f"content: {len(library.answers.topics())} topics and {examples} examples are in order")


@app.command()
def backup(folder: Path, keep: Annotated[int, typer.Option(min=1, help="How many copies stay; older ones are deleted.")] = 96) -> None:
    """Copy the database into a folder, while the service runs."""
    from handover.history.backup import BackupError, back_up

    try:
        typer.echo(f"backup: {back_up(read_settings().database_url, folder, keep)}")
    except BackupError as error:
        sys.exit(f"wegwijs: {error}")


@app.command()
def restore(copy: Path) -> None:
    """Put a copy in the place of the database. Stop the service first."""
    from handover.history.backup import BackupError
    from handover.history.backup import restore as put_back

    try:
        put_back(read_settings().database_url, copy)
    except BackupError as error:
        sys.exit(f"wegwijs: {error}")
    typer.echo(f"restored {copy}; an older schema is brought up to date at the next start")


@app.command()
def call(
    gateway: Annotated[str, typer.Option(help="jambonz, jambonz-http, audiocodes or twiml.")] = "jambonz",
    number: Annotated[str, typer.Option("--from", help="The caller's number; empty: withheld.")] = "+31612345678",
    url: Annotated[str, typer.Option(help="The service; without it the one of WEGWIJS_HOST and WEGWIJS_PORT.")] = "",
    sound: Annotated[bool, typer.Option(help="Speak with espeak-ng, if it is installed.")] = True,
) -> None:
    """Call the assistant from this terminal: type what the caller says, or keys. The service must be running."""
    from handover.terminal import call as ring
    from handover.terminal import line_to

    settings = read_settings()
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    line = line_to(gateway, settings, url or f"http://{host}:{settings.port}", number or None)
    log_to(None)
    sys.exit(asyncio.run(ring(line, sound=sound)))


@app.command()
def docs(check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a file is not what the code says.")] = False) -> None:
    """Write the parts of docs/ that are drawn from the code: asyncapi.json, openapi.json and states.md."""
    from handover.docs import out_of_date, write

    if check and (wrong := out_of_date()):
        sys.exit(f"wegwijs: not what the code says: {', '.join(f'docs/{name}' for name in wrong)}; 'wegwijs docs' writes them")
    if not check:
        typer.echo("\n".join(f"docs/{name}" for name in write()) or "docs/ was up to date")


@staff.command("add")
def staff_add(
    name: str,
    team: Annotated[list[str], typer.Option(help="A team; may be given more than once.")],
    role: Annotated[str, typer.Option(help="medewerker, teamleider, redacteur or beheerder.")] = "medewerker",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")] = False,
    language: Annotated[str, typer.Option(help="nl or en.")] = "nl",
) -> None:
    """Add an account. The password is asked for, or read from standard input."""
    password = _password(password_stdin)
    _with_accounts(lambda accounts: accounts.add(name, password, role, team, datetime.now(UTC), language))
    typer.echo(f"added {name} ({role}; {', '.join(team)})")


@staff.command("set")
def staff_set(
    name: str,
    team: Annotated[list[str] | None, typer.Option(help="The teams, in place of those that were.")] = None,
    role: Annotated[str | None, typer.Option(help="medewerker, teamleider, redacteur or beheerder.")] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read a new password from standard input.")] = False,
    disable: Annotated[bool, typer.Option("--disable", help="Nobody can log in with it any more; its sockets are closed.")] = False,
    enable: Annotated[bool, typer.Option("--enable", help="Undo --disable.")] = False,
) -> None:
    """Change an account."""
    from handover.staff.accounts import ROLES

    if role and role not in ROLES:
        sys.exit(f"wegwijs: the role '{role}' should be one of {', '.join(ROLES)}")
    values: dict[str, Any] = {"teams": sorted({one.lower() for one in team})} if team else {}
    values |= {"role": role} if role else {}
    values |= {"password": _password(True)} if password_stdin else {}
    values |= {"disabled_at": datetime.now(UTC) if disable else None} if disable or enable else {}
    if not values:
        sys.exit("wegwijs: say what to change: --team, --role, --password-stdin, --disable or --enable")
    _with_accounts(lambda accounts: accounts.change(name, **values))
    typer.echo(f"changed {name}")


@staff.command("list")
def staff_list() -> None:
    """All accounts: name, role, teams."""

    async def show(accounts: Any) -> None:
        for row in await accounts.everybody():
            typer.echo(f"{row['name']}\t{row['role']}\t{', '.join(row['teams'])}{'\tdisabled' if row['disabled_at'] else ''}")

    _with_accounts(show)


@register.command("status")
def register_status(probe: Annotated[bool, typer.Option("--probe", help="Also ask Open Klant whether it answers.")] = False) -> None:
    """What waits for Open Klant, and why. Exit code 1: something is parked, waits longer than a quarter of an hour, or cannot be sent."""
    from handover.registers.register import RegisterError
    from handover.registers.sender import LATE

    async def show(teller: Any) -> bool:
        now = datetime.now(UTC)
        standing = await teller.outbox.standing()
        late = standing.oldest is not None and now - standing.oldest > LATE
        oldest = f", the oldest since {_age(now - standing.oldest)}" if standing.oldest else ""
        typer.echo(f"waiting {standing.waiting}{oldest}; parked {standing.parked}")
        for row in await teller.outbox.open_items():
            error = row.error or {}
            codes = ", ".join(f"{name}: {code}" for name, code in error.get("params", []))
            why = " ".join(str(error[part]) for part in ("kind", "status", "where") if error.get(part)) + (f" ({codes})" if codes else "")
            age, again = _age(now - row.created_at), f", again in {_age(row.next_at - now)}" if row.next_at > now else ""
            typer.echo(f"  {row.id}\t{row.state}\t{row.kind}\tconversation {row.conversation_id}/{row.number}\t{age}{again}\t{why or '-'}")
        answers = True
        if probe:
            try:
                await teller.register.probe()
                typer.echo(f"Open Klant answers, API {'.'.join(map(str, teller.version or ('?',)))}")
            except RegisterError as error:
                typer.echo(f"Open Klant does not answer as it should: {error}")
                answers = False
        return answers and not late and not standing.parked

    sys.exit(0 if _with_teller(show) else 1)


@register.command("retry")
def register_retry(
    item: Annotated[int | None, typer.Argument(help="The number of one item; else all that are parked.")] = None,
) -> None:
    """Let what is parked be tried again, after what was wrong has been mended. Exit code 1: nothing was parked."""

    async def retry(teller: Any) -> bool:
        changed = await teller.outbox.retry(datetime.now(UTC), item)
        typer.echo(f"{changed} to be tried again")
        return bool(changed)

    sys.exit(0 if _with_teller(retry) else 1)


@register.command("drain")
def register_drain(
    seconds: Annotated[float, typer.Option(min=0.0, help="Give up after so many seconds; what is left stays.")] = 300.0,
) -> None:
    """Send what waits now, also while no service runs. Exit code 1: something is left."""

    async def drain(teller: Any) -> bool:
        left = await teller.drain(seconds, asyncio.sleep)
        typer.echo(f"sent {teller.sender.counted.sent}; waiting {left.waiting}; parked {left.parked}")
        return not left.waiting and not left.parked

    sys.exit(0 if _with_teller(drain) else 1)


def _age(time: timedelta) -> str:
    """1 d 3 h, 4 min, 12 s"""
    seconds = max(0, int(time.total_seconds()))
    for size, name, small, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min")):
        if seconds >= size:
            rest = seconds % size // small
            return f"{seconds // size} {name}" + (f" {rest} {smaller}" if rest else "")
    return f"{seconds // 60} min" if seconds >= 60 else f"{seconds} s"


def _with_teller(work: Callable[[Any], Awaitable[bool]]) -> bool:
    """What `work` says of the register that the settings name. Ends the program with one line if there is none."""
    from handover.app import open_secrets
    from handover.content.library import Library
    from handover.history.database import migrate
    from handover.history.store import Store, Unavailable
    from handover.registers.open_klant.rules import read_rules
    from handover.settings import ROOT
    from handover.tell import Teller

    settings = read_settings()
    openklant = settings.openklant
    if not openklant:
        typer.echo("no register is told of anything: WEGWIJS_OPENKLANT_URL and WEGWIJS_OPENKLANT_TOKEN turn Open Klant on")
        return True
    library = Library(ROOT / "data", settings.municipality, settings.opening_hours)
    rules, vault = read_rules(library.facts), open_secrets(settings)

    async def run() -> bool:
        await migrate(settings.database_url)
        store = Store(settings.database_url, vault, settings.reference_prefix)
        await store.start()
        teller = Teller(store, settings.database_url, openklant, rules, library.team_for, lambda: datetime.now(UTC))
        try:
            await teller.start()
            return await work(teller)
        finally:
            await teller.close()
            await store.stop()

    log_to(None)
    try:
        return asyncio.run(run())
    except Unavailable:
        sys.exit(f"wegwijs: the database could not be written: {settings.data}")


@token.command("add")
def token_add(
    name: str,
    scope: Annotated[
        list[str], typer.Option(help="klantinteracties:lezen, klantinteracties:schrijven or gesprekken:lezen; more than once.")
    ],
    days: Annotated[int | None, typer.Option(help="How long it works; without this until it is revoked.")] = None,
) -> None:
    """Make a token. It is printed this once; only its hash is kept."""
    from handover.staff.tokens import ApiTokens

    async def add(store: Any) -> None:
        typer.echo(await ApiTokens(store).add(name, scope, datetime.now(UTC), days))

    _with_store(add)


@token.command("list")
def token_list() -> None:
    """All tokens: name, scopes, and until when they work."""
    from handover.staff.tokens import ApiTokens

    async def show(store: Any) -> None:
        for row in await ApiTokens(store).everything():
            until = "revoked" if row["disabled_at"] else row["expires_at"].date().isoformat() if row["expires_at"] else "until revoked"
            typer.echo(f"{row['name']}\t{', '.join(row['scopes'])}\t{until}")

    _with_store(show)


@token.command("revoke")
def token_revoke(name: str) -> None:
    """End a token at once."""
    from handover.staff.tokens import ApiTokens

    _with_store(lambda store: ApiTokens(store).revoke(name, datetime.now(UTC)))
    typer.echo(f"revoked {name}")


def _with_accounts(work: Callable[[Any], Awaitable[None]]) -> None:
    """Runs `work` with the accounts, as `_with_store` does."""
    from handover.staff.accounts import Accounts

    _with_store(lambda store: work(Accounts(store)))


def _with_store(work: Callable[[Any], Awaitable[None]]) -> None:
    """Runs `work` with the database that the settings name, which is made if it is not there."""
    from handover.history.database import migrate
    from handover.history.store import Store, Unavailable
    from handover.staff.accounts import AccountError

    settings = read_settings()

    async def run() -> None:
        await migrate(settings.database_url)
        store = Store(settings.database_url)
        await store.start()
        try:
            await work(store)
        finally:
            await store.stop()

    log_to(None)
    try:
        asyncio.run(run())
    except AccountError as error:
        sys.exit(f"wegwijs: {error}")
    except Unavailable:
        sys.exit(f"wegwijs: the database could not be written: {settings.data}")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    given: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return given


def listen_on(host: str, port: int) -> socket.socket:
    """A listening socket; port 0: a free one. Ends the program with one line if it is taken."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        sys.exit(f"wegwijs: cannot listen on {host}:{port}: {error.strerror}; WEGWIJS_HOST and WEGWIJS_PORT say where")
    return listening


def serve_on(listening: socket.socket, app: Any) -> None:
    """A Sanic application, until it is told to stop. Sanic listens anew: it must be told the backlog too."""
    gc.freeze()  # what was imported stays: the collector, which took a tenth of a turn, looks at the rest, and less often
    gc.set_threshold(*COLLECTED_AFTER)
    app.config.TOUCHUP = True  # Sanic leaves out signals that nobody hears, a tenth of a turn; it can do so once in a process
    app.run(sock=listening, backlog=BACKLOG, single_process=True, access_log=False, motd=False, debug=False)


def raise_file_limit() -> None:
    """As many open files as we may have: every socket is one, and shells give 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def stop_with_parent(sent: signal.Signals) -> None:
    """This signal when the process that started this one ends, however that happened: nothing is left behind that holds the port."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, sent)
        if os.getppid() != parent:
            sys.exit("wegwijs: the process that started this one is gone")


def log_to(file: Path | None) -> None:
    """One JSON line an event, to a file (a run) or warnings to stderr (a command). Never a text of a resident."""
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        stream: Any = file.open("a", encoding="utf-8", buffering=1)
    else:
        stream = sys.stderr
    level = logging.INFO if file else logging.ERROR
    logging.basicConfig(stream=stream, level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s", force=True)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level,
                    structlog.processors.TimeStamper(fmt="iso", utc=True),
                    structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level), logger_factory=structlog.WriteLoggerFactory(file=stream),
    )  # fmt: skip
