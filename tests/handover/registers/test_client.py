"""The wire: what an answer becomes, and that neither the token nor a value gets into an error."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import httpx
import pytest

from handover.registers.open_klant import client as client_module
from handover.registers.open_klant.client import Client
from handover.registers.register import RegisterError
from tests.handover.registers.fake import PATH, TOKEN, FakeOpenKlant


def answering(answer: httpx.Response | Exception) -> Client:
    def handle(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Client("http://register.example", TOKEN, httpx.MockTransport(handle))


@pytest.mark.parametrize(
    ("answer", "kind", "permanent"),
    [
        (httpx.ConnectError("x"), "unreachable", False),
        (httpx.ConnectTimeout("x"), "unreachable", False),
        (httpx.ReadTimeout("x"), "unreachable", False),
        (httpx.RemoteProtocolError("x"), "unreachable", False),
        (httpx.Response(429), "busy", False),
        (httpx.Response(502), "busy", False),
        (httpx.Response(503), "busy", False),
        (httpx.Response(504), "busy", False),
        (httpx.Response(500, json={"code": "error"}), "broken", False),
        (httpx.Response(501), "broken", False),
        (httpx.Response(401), "denied", False),
        (httpx.Response(403), "denied", False),
        (httpx.Response(400, json={"code": "invalid"}), "refused", True),
        (httpx.Response(404), "refused", True),
        (httpx.Response(405), "refused", True),
        (httpx.Response(413), "refused", True),
        (httpx.Response(302, headers={"Location": "https://elders.example/"}), "nonsense", False),
        (httpx.Response(200, content=b"<html>"), "nonsense", False),
        (httpx.Response(200, json=[1]), "nonsense", False),
        (httpx.Response(204), "nonsense", False),
    ],
)
async def test_what_an_answer_means(answer, kind, permanent):
    async with answering(answer) as client:
        with pytest.raises(RegisterError) as caught:
            await client.post("klantcontacten", {"onderwerp": "geheim onderwerp"})
    assert (caught.value.kind, caught.value.permanent) == (kind, permanent)
    assert "geheim" not in str(caught.value) + str(caught.value.as_json())
    assert TOKEN not in str(caught.value)


async def test_names_and_codes_are_kept_and_nothing_else():
    wrong = [{"name": "klantcontact.inhoud", "code": "max_length", "reason": "Fatma zei iets"}, {"name": "x y<z>", "code": None}, "?"]
    async with answering(httpx.Response(400, json={"code": "invalid", "detail": "Fatma", "invalidParams": wrong})) as client:
        with pytest.raises(RegisterError) as caught:
            await client.post("klantcontacten", {})
    assert caught.value.params == (("klantcontact.inhoud", "max_length"), ("xyz", ""))
    assert str(caught.value) == "refused: 400 POST klantcontacten, klantcontact.inhoud: max_length, xyz: "


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b'{"invalidParams": 5}', b"{", b"\xff\xfe"])
async def test_a_refusal_in_any_form_is_a_refusal(body):
    async with answering(httpx.Response(400, content=body)) as client:
        with pytest.raises(RegisterError) as caught:
            await client.post("klantcontacten", {})
    assert caught.value.kind == "refused"


@pytest.mark.parametrize(
    "url", ["http://register.example", "http://register.example/", f"http://register.example{PATH}", f"http://register.example{PATH}/"]
)
async def test_the_path_of_the_api_may_be_given_or_not(url):
    fake = FakeOpenKlant()
    async with Client(url, TOKEN, fake.transport()) as client:
        await client.probe()
    assert fake.calls == [("GET", "klantcontacten")]
    assert fake.queries == ["pageSize=1"]
    assert client.version == (0, 9)


async def test_every_page_of_a_list():
    fake = FakeOpenKlant()
    for number in range(5):
        fake._make("actoren", {"naam": f"{number}", "soortActor": "medewerker"})
    async with Client("http://register.example", TOKEN, fake.transport()) as client:
        assert [row["naam"] for row in await client.all("actoren", pageSize=2)] == ["4", "3", "2", "1", "0"]
        assert len(await client.page("actoren", pageSize=2)) == 2
        with pytest.raises(RegisterError, match="404"):
            await client.page("actoren", page=2)


async def test_what_is_gone():
    async with answering(httpx.Response(404)) as client:
        assert await client.get("klantcontacten", "x") is None
        assert await client.patch("klantcontacten", "x", {}) is False
        await client.delete("klantcontacten", "x")


async def test_an_answer_without_an_end_is_nonsense(monkeypatch):
    monkeypatch.setattr(client_module, "ANSWER_AT_MOST", 1000)
    async with answering(httpx.Response(200, content=b"x" * 2000)) as client:
        with pytest.raises(RegisterError) as caught:
            await client.page("klantcontacten")
    assert caught.value.kind == "nonsense"


async def test_an_answer_that_drips_is_unreachable(monkeypatch):
    """Each byte is in time, and it never ends."""
    monkeypatch.setattr(client_module, "READ", 0.1)
    monkeypatch.setattr(client_module, "CONNECT", 0.1)

    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    async with answering(httpx.Response(200, content=drip())) as client:
        with pytest.raises(RegisterError) as caught:
            await asyncio.wait_for(client.page("klantcontacten"), 60)
    assert caught.value.kind == "unreachable"


async def test_a_packed_answer_is_read():
    packed = gzip.compress(b'{"results": [], "next": null}')
    async with answering(httpx.Response(200, content=packed, headers={"Content-Encoding": "gzip"})) as client:
        assert await client.page("klantcontacten") == []


async def test_a_version_that_says_nothing_is_no_reason_to_stop():
    for header in ({}, {"API-version": "beta"}, {"API-version": ""}, {"API-version": "1"}):
        async with answering(httpx.Response(200, json={"results": [], "next": None}, headers=header)) as client:
            await client.probe()
            assert client.version is None
