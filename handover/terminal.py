"""`wegwijs call`: a telephone in the terminal, through the real endpoints of a running service."""

import asyncio
import shutil
import sys
from collections.abc import Callable

import httpx
from websockets.exceptions import InvalidStatus, WebSocketException

from handover.settings import SettingError, Settings
from handover.telephone import AudioCodesLine, Dropped, Heard, JambonzHttpLine, JambonzLine, Line, TwimlLine

GATEWAYS = ("jambonz", "jambonz-http", "audiocodes", "twiml")
HELP = """\
  words            what the caller says            an empty line    silence
  0  *  #  123#    keys                            /doubt words     said, and hardly understood (0.5; /mumble: 0.2)
  /busy  /no-answer  /failed  /completed           how a transfer ends
  /drop            the line to the gateway breaks and comes back (jambonz)
  /hangup          or Ctrl+D                       /help            these lines"""

Say = Callable[[str], None]


def line_to(gateway: str, settings: Settings, url: str, number: str | None) -> Line:
    """Raises SettingError if the secret of this gateway is not set."""
    match gateway:
        case "jambonz" if settings.jambonz:
            return JambonzLine(url, *settings.jambonz, number=number)
        case "jambonz-http" if settings.jambonz_secret:
            return JambonzHttpLine(url, settings.jambonz_secret, number=number)
        case "audiocodes" if settings.audiocodes_token:
            return AudioCodesLine(url, settings.audiocodes_token, number=number)
        case "twiml" if settings.twiml_token:
            return TwimlLine(url, settings.twiml_token, settings.public_url, number=number)
    names = {"jambonz": "WEGWIJS_JAMBONZ_USER and WEGWIJS_JAMBONZ_PASSWORD", "jambonz-http": "WEGWIJS_JAMBONZ_SECRET",
             "audiocodes": "WEGWIJS_AUDIOCODES_TOKEN", "twiml": "WEGWIJS_TWIML_TOKEN"}  # fmt: skip
    if gateway not in names:
        raise SettingError(f"the gateway '{gateway}' should be one of {', '.join(GATEWAYS)}")
    raise SettingError(f"{names[gateway]} should be set, to the same for the service and for this command")


async def call(line: Line, *, sound: bool) -> int:
    """The exit code: 0 when the call ended well, 1 when the gateway would have dropped it."""
    telephone = Telephone(line, sound)
    try:
        await telephone.hear(await line.start())
        print(f"({HELP.strip()})", file=sys.stderr)
        while not telephone.over and (typed := await asyncio.to_thread(_typed)) is not None:
            await telephone.do(typed)
        if not telephone.over:
            await line.hang_up()
    except (Dropped, InvalidStatus, WebSocketException, OSError, httpx.HTTPError) as error:
        print(f"wegwijs: the call was dropped: {error or type(error).__name__}", file=sys.stderr)
        return 1
    finally:
        await line.close()
    return 0


def _typed() -> str | None:
    try:
        return input("> " if sys.stdin.isatty() else "")
    except EOFError:
        return None


class Telephone:
    """What is typed becomes what a caller does; what the service says is printed, and spoken where espeak-ng is installed."""

    def __init__(self, line: Line, sound: bool) -> None:
        self._line, self.over = line, False
        self._voice = shutil.which("espeak-ng") if sound else None
        self._language = "nl"

    async def do(self, typed: str) -> None:
        command, _, rest = typed.strip().partition(" ")
        line = self._line
        if command == "/hangup":
            await line.hang_up()
            self.over = True
        elif command == "/help":
            print(HELP)
        elif command in ("/busy", "/no-answer", "/failed", "/completed"):
            await self.hear(await line.transferred(command[1:]))
        elif command == "/drop":
            await self._drop()
        elif command in ("/doubt", "/mumble"):
            await self.hear(await line.say(rest, 0.5 if command == "/doubt" else 0.2))
        elif command.startswith("/"):
            print(HELP)
        elif not typed.strip():
            await self.hear(await line.silence())
        elif set(typed.strip()) <= set("0123456789*#"):
            await self.hear(await line.press(typed.strip()))
        else:
            await self.hear(await line.say(typed.strip()))

    async def _drop(self) -> None:
        if isinstance(self._line, JambonzLine):
            self._line.cut()
            await asyncio.sleep(0.5)  # as long as the gateway waits
            await self.hear(await self._line.reconnect())
        else:
            print("(this gateway has no line that could break)")

    async def hear(self, heard: Heard) -> None:
        for words in heard.said:
            print(f"☎ {words}")
            await self._speak(words)
        if heard.transfer:
            code = heard.transfer["headers"].get("X-Wegwijs-Handover", "none")
            print(f"(put through to {heard.transfer['target']}, code {code}: /completed, /busy, /no-answer or /failed)")
        if heard.hung_up:
            print("(the line is closed)")
            self.over = True
        print(f"({heard.seconds * 1000:.0f} ms)", file=sys.stderr)

    async def _speak(self, words: str) -> None:
        if "go on in English" in words:
            self._language = "en"
        if self._voice:
            process = await asyncio.create_subprocess_exec(self._voice, "-v", self._language, words, stderr=asyncio.subprocess.DEVNULL)
            await process.wait()
