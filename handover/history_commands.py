"""`wegwijs history …`: what a records officer or privacy officer does with what is kept."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated

import structlog
import typer

from handover.settings import SettingError, Settings, read_settings

history = typer.Typer(no_args_is_help=True, help="What is kept of residents: check, export, erase, hold, retention.")

DONE, PROBLEM = 0, 1  # exit codes; 2 is a wrong call


@history.command("verify")
def verify(
    expect: Annotated[str | None, typer.Option(help="A line that was noted earlier, NUMBER:SEAL as this command prints it.")] = None,
) -> None:
    """Go through the audit log: is every line there, and as it was written? Exit code 1: no."""
    from handover.history import audit
    from handover.history.store import Store

    known = _noted(expect)

    async def check(store: Store) -> int:
        found = await store.read(lambda connection: audit.verify(connection, store.audit_key, known))
        for problem in found.problems:
            typer.echo(f"wrong: {problem}", err=True)
        rest = f", {found.unsealed} from before there were seals" if found.unsealed else ""
        cleared = f", {found.cleared} removed after their time" if found.cleared else ""
        typer.echo(f"audit log: {found.lines} lines{rest}{cleared}; last {found.last}:{found.seal.hex()[:32]}")
        typer.echo("The log is whole." if not found.problems else "The log is not whole.")
        return PROBLEM if found.problems else DONE

    _with_store(check)


def _noted(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    number, _, seal = text.partition(":")
    if not number.isdecimal() or len(seal) < 8 or not all(char in "0123456789abcdefABCDEF" for char in seal):
        raise typer.BadParameter("should look like 1234:9f86d081884c7d65", param_hint="--expect")
    return int(number), seal


def _with_store(work: Callable[..., Awaitable[int]]) -> None:
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
            return await work(store)
        finally:
            await store.stop()

    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, force=True)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        sys.exit(asyncio.run(run()))
    except Unavailable:
        sys.exit(f"wegwijs: the database could not be read or written: {settings.data}")


def _vault(settings: Settings):  # type: ignore[no-untyped-def]
    """The keys that are there; a command that reads makes none."""
    from handover.history.vault import Vault, VaultError

    path = settings.data / "secrets" / "vault"
    if not settings.vault_keys and not path.exists():
        raise SettingError(f"there are no keys in {path}, and WEGWIJS_VAULT_KEYS is not set: was the service ever started here?")
    try:
        return Vault.read(settings.vault_keys or path.read_text())
    except (VaultError, OSError) as error:
        raise SettingError(f"WEGWIJS_VAULT_KEYS or {path}: {error}") from None
