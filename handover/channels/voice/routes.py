"""The routes of the voice gateways. Each answers 404 until its secret is set."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sanic import HTTPResponse, Request, Sanic, Websocket
from sanic.exceptions import SanicException

from handover.channels.voice import audiocodes, jambonz, twiml
from handover.channels.voice.audiocodes import AudioCodes
from handover.channels.voice.calls import Calls
from handover.channels.voice.jambonz import Jambonz
from handover.channels.voice.twiml import Twiml
from handover.channels.voice.voices import Voices
from handover.content.library import Library
from handover.settings import Settings


class Gateways:
    """The adapters, each with the secret that opens it."""

    def __init__(self, calls: Calls, library: Library, settings: Settings, now: Callable[[], datetime]) -> None:
        voices = Voices(settings.voice_ssml, settings.voice_nl, settings.voice_en)
        user, password = settings.jambonz or (None, None)
        self.audiocodes = AudioCodes(calls, library, voices, settings.audiocodes_token, now)
        self.twiml = Twiml(calls, voices, settings.twiml_token, settings.public_url)
        self.jambonz = Jambonz(calls, voices, user, password, settings.jambonz_secret, now)


def add_voice(app: Sanic[Any, Any], gateways: Callable[[], Gateways]) -> None:
    """The routes of this module on `app`."""

    @app.on_request
    async def only_gateways(request: Request) -> None:
        """Refused before the upgrade: nothing is stored for whoever does not know the secret (SEC-21)."""
        if request.path == jambonz.PATH and request.method == "GET" and (refused := gateways().jambonz.refuses_socket(request)):
            headers = {"WWW-Authenticate": "Basic"} if refused == 401 else {}
            raise SanicException("refused", status_code=refused, quiet=True, headers=headers)

    @app.websocket(jambonz.PATH, subprotocols=[jambonz.SUBPROTOCOL])
    async def jambonz_socket(_request: Request, ws: Websocket) -> None:
        await gateways().jambonz.socket(ws)

    @app.post(jambonz.PATH)
    async def jambonz_call(request: Request) -> HTTPResponse:
        return await gateways().jambonz.http(request, "")

    @app.post(f"{jambonz.PATH}/<hook:(?P<hook>turn|transfer|more|status)>")
    async def jambonz_hook(request: Request, hook: str) -> HTTPResponse:
        return await gateways().jambonz.http(request, hook)

    @app.get(audiocodes.PATH)
    async def audiocodes_check(request: Request) -> HTTPResponse:
        return await gateways().audiocodes.check(request)

    @app.post(audiocodes.PATH)
    async def audiocodes_start(request: Request) -> HTTPResponse:
        return await gateways().audiocodes.start(request)

    @app.post(f"{audiocodes.PATH}/conversation/<name:str>/<what:(?P<what>activities|refresh|disconnect)>")
    async def audiocodes_call(request: Request, name: str, what: str) -> HTTPResponse:
        return await gateways().audiocodes.of_call(request, name, what)

    @app.post(twiml.PATH)
    async def twiml_call(request: Request) -> HTTPResponse:
        return await gateways().twiml.answer(request, "")

    @app.post(f"{twiml.PATH}/<hook:(?P<hook>turn|transfer|more|status)>")
    async def twiml_hook(request: Request, hook: str) -> HTTPResponse:
        return await gateways().twiml.answer(request, hook)
