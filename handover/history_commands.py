"""`wegwijs history …`: what a records officer or privacy officer does with what is kept."""

import asyncio
import functools
import getpass
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast
from uuid import UUID

import msgspec
import structlog
import typer

from handover.settings import ROOT, SettingError, Settings, read_settings

if TYPE_CHECKING:  # what a command needs it imports itself: the others start without it
    from sqlalchemy import Connection

    from handover.history.store import Store
    from handover.history.vault import Vault

history = typer.Typer(no_args_is_help=True, help="What is kept of residents: check, export, erase, hold, retention.")

DONE, PROBLEM, STAYED = 0, 1, 3  # exit codes; 2 is a wrong call
SCHEMES = ("bsn", "kvk", "sub", "phone", "email")


@history.command("verify")
def verify(
    expect: Annotated[str | None, typer.Option(help="A line that was noted earlier, NUMBER:SEAL as this command prints it.")] = None,
) -> None:
    """Go through the audit log: is every line there, and as it was written? Exit code 1: no."""
    from handover.history import audit

    known = _noted(expect)

    async def check(store: "Store", _now: datetime) -> int:
        found = await store.read(lambda connection: audit.verify(connection, store.audit_key, known))
        for problem in found.problems:
            typer.echo(f"wrong: {problem}", err=True)
        rest = f", {found.unsealed} from before there were seals" if found.unsealed else ""
        cleared = f", {found.cleared} removed after their time" if found.cleared else ""
        typer.echo(f"audit log: {found.lines} lines{rest}{cleared}; last {found.last}:{found.seal.hex()[:32]}")
        typer.echo("The log is whole." if not found.problems else "The log is not whole.")
        return PROBLEM if found.problems else DONE

    _with_store(check)


Person = Annotated[
    str | None,
    typer.Option(help="Who was verified by a bsn, kvk, sub, phone or email. Standard input gives the value."),
]
Reference = Annotated[str | None, typer.Option(help="The number that the resident was told: of a conversation or a contact moment.")]
Trial = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")]


@history.command("export")
def export(
    to: Annotated[Path, typer.Option(help="A folder; gets a .json and a .txt, for the owner's eyes.")],
    reference: Reference = None,
    person: Person = None,
    redacted: Annotated[
        bool, typer.Option("--redacted", help="Without telephone numbers, mail addresses and addresses, for a Woo request.")
    ] = False,
    language: Annotated[str, typer.Option(help="Of the text: nl or en.")] = "nl",
    dry_run: Trial = False,
) -> None:
    """Everything that is kept of one person or conversation. Staff are shown by role. Exit code 1: there is nothing."""
    from handover.content.library import Library
    from handover.conversation.conversation import Insert
    from handover.history import audit, dossier

    settings, sought = read_settings(), _sought(reference, person)
    library = Library(ROOT / "data", settings.municipality, settings.opening_hours)

    async def write(store: "Store", now: datetime) -> int:
        found = await store.read(lambda connection: _find(connection, store, sought))
        made = await store.read(lambda c: dossier.collect(c, store.vault, found.ids, found.person, "officer", redacted=redacted))
        if not made.conversations and not made.person:
            typer.echo("nothing is kept of that")
            return PROBLEM
        turns = sum(len(one["turns"]) for one in made.conversations)
        typer.echo(f"{len(made.conversations)} conversations with {turns} turns{'; nothing was written' if dry_run else ''}")
        if dry_run:
            return DONE
        lines = [audit.line(_actor(), "conversation.export", str(id), "ok", now) for id in found.ids]
        lines += [audit.line(_actor(), "person.export", str(found.person), "ok", now)] if found.person else []
        await store.write(*(Insert("audit", line) for line in lines))  # first: nothing leaves that is not written down
        name = made.conversations[0]["reference"] if reference else f"person-{found.person}"
        text = dossier.readable(made, lambda key, **values: library.text(key, language, **values), lambda at: library.moment(at, language))
        data = msgspec.json.format(msgspec.json.encode(made.data(now)), indent=2).decode()
        for ending, content in (("json", data), ("txt", text)):
            typer.echo(str(_write(to / f"{name}.{ending}", content)))
        return DONE

    _with_store(write)


@history.command("erase")
def erase(reference: Reference = None, person: Person = None, dry_run: Trial = False) -> None:
    """Erase one conversation, or all of a person and by what they are known. Exit code 1: there is nothing; 3: something had to stay."""
    from handover.history import retention

    sought = _sought(reference, person)

    async def remove(store: "Store", now: datetime) -> int:
        found = await store.read(lambda connection: _find(connection, store, sought))
        if not found.ids and not found.person:
            typer.echo("nothing is kept of that")
            return PROBLEM
        erased = stays = 0
        for id in found.ids:
            work = functools.partial(retention.erase, key=store.audit_key, id=id, now=now, actor=_actor(), dry=dry_run)
            reason = await (store.read(work) if dry_run else store.transact(work))
            erased, stays = erased + (reason is None), stays + (reason is not None)
            if reason:
                typer.echo(f"conversation {id} stays: {WHY[reason]}")
        who = found.person
        if who and not stays and not dry_run:
            await store.transact(lambda connection: retention.forget_person(connection, store.audit_key, who, now, _actor()))
        if erased and not dry_run:
            await store.shrink()
        typer.echo(f"{'would erase' if dry_run else 'erased'} {erased}, kept {stays}")
        return STAYED if stays else DONE

    _with_store(remove)


@history.command("hold")
def hold(
    reference: Reference = None,
    person: Person = None,
    reason: Annotated[str | None, typer.Option(help="Why: the number of the Woo request or complaint. No personal data.")] = None,
    lift: Annotated[bool, typer.Option("--lift", help="The hold is over; what is due is destroyed within a day.")] = False,
    dry_run: Trial = False,
) -> None:
    """Let nothing of it be destroyed, or lift that. Exit code 1: there is nothing, or it was so already."""
    from handover.history import retention

    if bool(reason) == lift:
        raise typer.BadParameter("give a --reason, or --lift")
    sought = _sought(reference, person)

    async def change(store: "Store", now: datetime) -> int:
        found = await store.read(lambda connection: _find(connection, store, sought))
        if dry_run:
            typer.echo(f"would {'release' if lift else 'hold'} {len(found.ids)}")
            return DONE if found.ids else PROBLEM
        changed = 0
        for id in found.ids:
            work = functools.partial(retention.hold, key=store.audit_key, id=id, reason=reason, now=now, actor=_actor())
            changed += await store.transact(work)
        typer.echo(f"{'released' if lift else 'held'} {changed} of {len(found.ids)}")
        return DONE if changed else PROBLEM

    _with_store(change)


@history.command("retention")
def retention(dry_run: Trial = False) -> None:
    """Destroy what has had its time; the service does this by itself. Exit code 1: something has waited for more than a day."""
    from handover.content.library import Library
    from handover.history.retention import Retention, Terms

    settings = read_settings()
    terms = Terms.of(Library(ROOT / "data", settings.municipality, settings.opening_hours).facts.kept_days)

    async def work_off(store: "Store", now: datetime) -> int:
        job = Retention(store, terms)
        done = await job.run(now, dry=dry_run)
        for what, count in sorted(done.items()):
            typer.echo(f"{WHAT.get(what, what)}: {count}")
        typer.echo("nothing was changed" if dry_run else "done" if done else "nothing was due")
        return PROBLEM if job.late else DONE

    _with_store(work_off)


WHAT = {"unused": "conversations never used, deleted", "transcript": "conversations of which the words were removed",
        "destroy": "conversations destroyed", "held": "due, but held", "callback": "due, but a call-back is still to be done",
        "call-backs": "call-back requests removed", "residents": "residents forgotten", "processing": "lines of the processing log",
        "audit": "lines of the audit log", "tokens": "used tokens", "sessions": "sessions of staff"}  # fmt: skip
WHY = {"held": "it is held", "callback": "a call-back is still to be done", "running": "a colleague has it, or it waits for one"}


@dataclass(frozen=True)
class _Found:
    ids: list[UUID]
    person: UUID | None = None


@dataclass(frozen=True)
class _Sought:
    reference: str | None = None
    scheme: str | None = None
    value: str = ""


def _sought(reference: str | None, scheme: str | None) -> _Sought:
    if bool(reference) == bool(scheme):
        raise typer.BadParameter("give a --reference, or a --person")
    if scheme is None:
        return _Sought(reference)
    if scheme not in SCHEMES:
        raise typer.BadParameter(f"should be one of {', '.join(SCHEMES)}", param_hint="--person")
    value = sys.stdin.readline().strip()
    if not value:
        raise typer.BadParameter("its value is expected on standard input", param_hint="--person")
    return _Sought(None, scheme, value)


def _find(connection: "Connection", store: "Store", sought: _Sought) -> _Found:
    from handover.history import dossier

    if sought.reference:
        return _Found(dossier.by_reference(connection, sought.reference))
    who = dossier.person_by(connection, store.vault, cast(Any, sought.scheme), sought.value)
    return _Found(dossier.of_person(connection, who), who) if who else _Found([])


def _write(path: Path, content: str) -> Path:
    """For the owner's eyes."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
    return path


def _actor() -> str:
    """Who runs the command, for the audit log."""
    try:
        return f"command:{getpass.getuser()}"[:100]
    except OSError:
        return f"command:{os.getuid()}"


def _noted(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    number, _, seal = text.partition(":")
    if not number.isdecimal() or len(seal) < 8 or not all(char in "0123456789abcdefABCDEF" for char in seal):
        raise typer.BadParameter("should look like 1234:9f86d081884c7d65", param_hint="--expect")
    return int(number), seal


def _with_store(work: Callable[["Store", datetime], Awaitable[int]]) -> None:
    """Ends the program with what `work` returns for the database that the settings name."""
    from handover.history.database import migrate
    from handover.history.store import Store, Unavailable

    settings = read_settings()
    vault = _vault(settings)

    async def run() -> int:
        await migrate(settings.database_url)
        store = Store(settings.database_url, vault, settings.reference_prefix)
        await store.start()
        try:
            return await work(store, datetime.now(UTC))
        finally:
            await store.stop()

    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, force=True)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        sys.exit(asyncio.run(run()))
    except Unavailable:
        sys.exit(f"wegwijs: the database could not be read or written: {settings.data}")


def _vault(settings: Settings) -> "Vault":
    """The keys that are there; a command that reads makes none."""
    from handover.history.vault import Vault, VaultError

    path = settings.data / "secrets" / "vault"
    if not settings.vault_keys and not path.exists():
        raise SettingError(f"there are no keys in {path}, and WEGWIJS_VAULT_KEYS is not set: was the service ever started here?")
    try:
        return Vault.read(settings.vault_keys or path.read_text())
    except (VaultError, OSError) as error:
        raise SettingError(f"WEGWIJS_VAULT_KEYS or {path}: {error}") from None
