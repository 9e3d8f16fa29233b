"""The API on a real store and a real port, without the bot."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sanic import Sanic

from handover.app import utc_now
from handover.channels.api.callers import Callers
from handover.channels.api.gesprekken import Gesprekken
from handover.channels.api.klantinteracties import Klantinteracties
from handover.channels.api.routes import add_api
from handover.channels.pages import add_pages
from handover.channels.web.identity import Identities
from handover.history.people import People
from handover.history.store import Store
from handover.hub import Hub
from handover.perform import Performer
from handover.rasa import Bot
from handover.settings import read_settings
from handover.staff.tokens import SCOPES, ApiTokens
from tests.servers import free_port
from tests.stack import site

BASE = "/klantinteracties/api/v1"


@dataclass
class Api:
    url: str
    store: Store
    performer: Performer
    people: People
    tokens: ApiTokens
    client: httpx.AsyncClient
    now: datetime = field(default_factory=utc_now)

    async def token(self, *scopes: str, days: int | None = None) -> dict[str, str]:
        """The header of a new token."""
        return {"Authorization": f"Token {await self.tokens.add(str(uuid4()), list(scopes or SCOPES), utc_now(), days)}"}

    async def get(self, path: str, expect: int = 200, **parameters: Any) -> Any:
        """The answer to a request of a token that may everything."""
        answer = await self.client.get(f"{BASE}/{path}", params=parameters)
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def post(self, path: str, body: Any, expect: int = 201) -> Any:
        answer = await self.client.post(f"{BASE}/{path}", json=body)
        assert answer.status_code == expect, answer.text
        return answer.json()


@pytest.fixture
async def api(store: Store, library, tmp_path: Path) -> AsyncIterator[Api]:
    port = free_port()
    settings = read_settings({"WEGWIJS_PORT": str(port), "WEGWIJS_DATA": str(tmp_path / "data")})
    performer = Performer(store, Hub(), Bot("token"), library, utc_now)
    people, tokens = People(store), ApiTokens(store)
    identities = Identities(site.write_keys(tmp_path), site.ISSUER, settings.public_url)
    callers = Callers(store, tokens, identities, people, utc_now, lambda request: request.ip)
    moments = Klantinteracties(store, library, people, settings.public_url, "10")
    app = Sanic(f"api-{uuid4().hex}", configure_logging=False, strict_slashes=True)
    app.config.update(TOUCHUP=False, FALLBACK_ERROR_FORMAT="json", ACCESS_LOG=False)
    add_pages(app, settings, library, is_open=lambda: True, health=lambda: (200, {}), metrics=None, metrics_token="")
    add_api(
        app, lambda: callers, lambda: moments, lambda: Gesprekken(store, moments), lambda: performer, lambda origin: origin == site.ISSUER
    )
    server = await app.create_server(host="127.0.0.1", port=port, return_asyncio_server=True, access_log=False)
    await server.startup()
    async with httpx.AsyncClient(base_url=settings.public_url) as client:
        made = Api(settings.public_url, store, performer, people, tokens, client)
        client.headers.update(await made.token())
        yield made
    server.close()
    await server.wait_closed()


KLANTCONTACT = {
    "kanaal": "Balie", "onderwerp": "Verhuizing doorgeven", "inhoud": "Formulier meegegeven.", "reactie": "Binnen vijf dagen doorgeven.",
    "taal": "nld", "vertrouwelijk": False, "plaatsgevondenOp": "2026-11-20T10:15:00+01:00", "indicatieContactGelukt": True,
    "hoofdOnderwerpType": "http://standaarden.overheid.nl/owms/terms/verhuismelding", "metadata": {"medewerker": "Bram", "loket": "3"},
}  # fmt: skip
BSN = {"codeObjecttype": "natuurlijk_persoon", "codeSoortObjectId": "bsn", "objectId": "123456782", "codeRegister": "brp"}
PARTIJ = {"soortPartij": "persoon", "indicatieActief": True, "partijIdentificatoren": [{"partijIdentificator": BSN}]}
LATER = timedelta(days=1)
