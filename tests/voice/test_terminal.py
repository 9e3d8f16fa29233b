"""`wegwijs call`, as it is typed: against a running service, through each gateway's endpoint."""

import asyncio
import os

import pytest

from handover.settings import ROOT
from tests.voice.world import GATEWAYS, PUBLIC, SECRETS

WEGWIJS = ROOT / ".venv" / "bin" / "wegwijs"


async def called(world, *arguments: str, typed: str = "", **env: str) -> tuple[int | None, str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WEGWIJS_")}
    full = {**clean, "WEGWIJS_PUBLIC_URL": PUBLIC, **SECRETS, **env}
    process = await asyncio.create_subprocess_exec(
        WEGWIJS, "call", "--no-sound", "--url", world.url, *arguments, env=full, cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(typed.encode()), 120)
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize("gateway", GATEWAYS)
async def test_a_call_from_the_terminal(world, gateway):
    typed = "wat kost een paspoort\n/mumble hm\n\n*\n0\n/busy\nja\nochtend\n"
    code, out, err = await called(world, "--gateway", gateway, typed=typed)
    assert code == 0, err
    assert "☎ Een paspoort kost 83 euro en 87 cent. Heeft u nog een vraag?" in out
    assert "Dat verstond ik niet goed" in out
    assert "Ik hoor u niet." in out
    assert "(put through to sip:kcc@pbx.lindewaard.example, code " in out
    assert "terugbellen op dit nummer" in out
    assert out.rstrip().endswith("(the line is closed)")
    assert [row["state"] for row in await world.rows("conversation")] == ["closed"]


async def test_the_end_of_what_is_typed_hangs_up(world):
    code, _, err = await called(world, typed="/drop\n/help\nwat kost een paspoort\n")
    assert code == 0, err
    [row] = await world.until(lambda: _closed(world))
    assert row["body"]["end_reason"] == "hung_up"


async def _closed(world):
    return [row for row in await world.rows("conversation") if row["state"] == "closed"]


async def test_what_is_wrong_is_one_line(world):
    code, _, err = await called(world, "--gateway", "fax")
    assert (code, err) == (1, "wegwijs: the gateway 'fax' should be one of jambonz, jambonz-http, audiocodes, twiml\n")
    code, _, err = await called(world, WEGWIJS_JAMBONZ_USER="", WEGWIJS_JAMBONZ_PASSWORD="")
    assert code == 1
    assert err.startswith("wegwijs: WEGWIJS_JAMBONZ_USER and WEGWIJS_JAMBONZ_PASSWORD should be set")
    code, _, err = await called(world, WEGWIJS_JAMBONZ_PASSWORD="another-one")
    assert code == 1
    assert "HTTP 401" in err
    code, _, err = await called(world, "--url", "http://127.0.0.1:9")
    assert code == 1
    assert err.count("\n") == 1
