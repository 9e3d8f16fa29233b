"""The resident's widget in a real browser: accessibility, themes, privacy, content security, and what it does with frames.

Two kinds of test. Those that take `stack` alone talk to the running service. Those that take `played` talk to a service
that the test plays itself, frame by frame as docs/ describe them, to bring about on demand what the real one does seldom:
a lost acknowledgement, a gap, a refusal, a colleague who types.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Locator, Page, Request, Route, WebSocketRoute, expect

FIXTURES = Path(__file__).parent / "fixtures"
AXE = Path(AXE_FILE_PATH).read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
THEMES = ["none", "utrecht", "basis", "dark", "half"]
SCREENS = {"wide": (1280, 800), "phone": (360, 740), "low": (320, 256), "landscape": (740, 360)}
ANSWER = "Een paspoort kost € 83,87 als u 18 jaar of ouder bent."
NewPage = Callable[..., Page]


# ---- the service, played


class Played:
    """The service's side of /chat/ws. By default it stores and echoes what the resident says, and answers nothing."""

    def __init__(self, page: Page) -> None:
        self.said: list[dict[str, Any]] = []
        self.turns: list[dict[str, Any]] = []
        self.state: dict[str, Any] = {"type": "state", "state": "bot", "epoch": 1}
        self.known = {"t-1"}
        self.acks = True
        self.more_after = 200
        self.connections = 0
        self._stored: set[str] = set()
        self._socket: WebSocketRoute | None = None
        self._turn(
            "bot",
            "Ik ben een digitale assistent en geen mens. Wat is uw vraag?",
            kind="greeting",
            choices=[{"id": "c1", "label": "Paspoort aanvragen"}, {"id": "c2", "label": "Verhuizing doorgeven"}],
        )
        page.route_web_socket(re.compile(r"/chat/ws$"), self._opened)

    def send(self, *frames: dict[str, Any]) -> None:
        assert self._socket
        for frame in frames:
            self._socket.send(json.dumps(frame))

    def says(self, text: str, sender: str = "bot", **more: Any) -> dict[str, Any]:
        turn = self._turn(sender, text, **more)
        self.send({"type": "turn", "turn": turn})
        return turn

    def misses(self, text: str) -> None:
        """A turn that was stored while nobody told this socket."""
        self._turn("bot", text)

    def moves(self, state: str, **more: Any) -> None:
        self.state = {"type": "state", "state": state, "epoch": self.state["epoch"] + 1, **more}
        self.send(self.state)

    def drops(self, code: int = 1011) -> None:
        assert self._socket
        self._socket.close(code=code, reason="")

    def frames(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.said if frame["type"] == kind]

    def _turn(self, sender: str, text: str, **more: Any) -> dict[str, Any]:
        turn = {
            "seq": len(self.turns) + 1,
            "from": sender,
            "name": "Anja" if sender == "staff" else None,
            "text": text,
            "at": "2026-11-23T13:05:00Z",
            "language": "nl",
            **more,
        }
        self.turns.append(turn)
        return turn

    def _opened(self, socket: WebSocketRoute) -> None:
        self._socket = socket
        self.connections += 1
        socket.on_message(lambda data: self._heard(socket, json.loads(data)))

    def _heard(self, socket: WebSocketRoute, frame: dict[str, Any]) -> None:
        self.said.append(frame)
        if frame["type"] == "hello":
            self._welcome(socket, frame)
        elif frame["type"] in ("message", "choose") and self.acks:
            if frame["id"] not in self._stored:
                self._stored.add(frame["id"])
                self._turn("resident", frame.get("text", "Paspoort aanvragen"), id=frame["id"])
            turn = next(turn for turn in self.turns if turn.get("id") == frame["id"])
            self.send({"type": "ack", "id": frame["id"], "seq": turn["seq"]}, {"type": "turn", "turn": turn})
        elif "id" in frame and self.acks:
            self.send({"type": "ack", "id": frame["id"]})

    def _welcome(self, socket: WebSocketRoute, hello: dict[str, Any]) -> None:
        if hello.get("token", "t-1") not in self.known:
            self.send({"type": "error", "code": "not_found", "message": "Wij kunnen dit gesprek niet vinden."})
            socket.close(code=1008)
            return
        missed = [turn for turn in self.turns if turn["seq"] > hello.get("after", 0)]
        now, rest = missed[: self.more_after], missed[self.more_after :]
        self.send(
            {
                "type": "welcome",
                "conversation": "0a1b2c3d-0000-4000-8000-000000000000",
                "token": "t-1",
                "language": hello.get("language", "nl"),
                "turns": now,
                **({"more": True} if rest else {}),
            }
        )
        self.send(*({"type": "turn", "turn": turn} for turn in rest), self.state)


# ---- what a person sees and does


def launcher(page: Page) -> Locator:
    return page.locator("wegwijs-chat .launcher")


def panel(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Chat met de gemeente")


def field(page: Page) -> Locator:
    return page.get_by_label("Uw bericht")


def turns(page: Page) -> Locator:
    return page.get_by_role("log").locator("wegwijs-turn")


def open_chat(page: Page) -> None:
    launcher(page).click()
    expect(panel(page)).to_be_visible()
    expect(turns(page).first).to_contain_text("assistent")


def say(page: Page, text: str) -> None:
    field(page).fill(text)
    field(page).press("Enter")


def until(page: Page, condition: Callable[[], Any]) -> None:
    """Waits for something on our side of the socket."""
    for _ in range(1500):
        if condition():
            return
        page.wait_for_timeout(20)
    pytest.fail("it did not happen within 30 s")


def host_page(page: Page, stack: Any, theme: str = "none", *, style: str = "", csp: str | None = None, script: bool = True,
              more: str = "") -> str:  # fmt: skip
    """A municipality's page on an origin of its own (localhost, where the service is 127.0.0.1), served by the test."""
    service = stack.url.rstrip("/")
    site = f"http://localhost:{urlsplit(service).port}/host"
    page.context.grant_permissions(["local-network-access"])  # the browser does not know that this page is local too
    tag = (
        f'<script type="module" src="{service}/web/v1/widget/wegwijs.js" data-language="nl" data-phone="14 0999" '
        f'data-contact-url="https://www.lindewaard.example/contact" data-theme-class="utrecht-theme" {more}></script>'
    )
    html = (
        f'<!doctype html><html lang="nl"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>Gemeente</title><link rel="stylesheet" href="/host/theme.css"><body><main><h1>Gemeente</h1>'
        f"<p>Welkom bij de gemeente.</p></main>{tag if script else ''}</body></html>"
    )
    # the page's own heading must not be what is too wide: that depends on the fonts of the machine
    css = (FIXTURES / f"{theme}.css").read_text() + "\nh1 { overflow-wrap: anywhere }\n" + style
    headers = {"content-security-policy": csp} if csp else {}
    page.route(f"{site}/theme.css", lambda route: route.fulfill(body=css, content_type="text/css"))
    page.route(site, lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8", headers=headers))
    return site


@pytest.fixture
def page(stack: Any, new_page: NewPage) -> Page:
    return new_page(viewport={"width": 1280, "height": 800})


@pytest.fixture
def played(page: Page, stack: Any) -> Played:
    """The demonstration page, with the chat open and the service played by the test."""
    service = Played(page)
    page.goto(stack.url)
    open_chat(page)
    return service


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate(
        """async (tags) => {
        const { violations } = await axe.run(document, { runOnly: tags, rules: { "target-size": { enabled: true } } })
        const where = ({ target, failureSummary }) => `${target.join(" ")} ${failureSummary}`
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map(where).join(" | ")}`)
    }""",
        TAGS,
    )
    return list(found)


# ---- states, each reached in the way a resident reaches it


def closed(page: Page, service: Played) -> None:
    page.keyboard.press("Escape")
    expect(panel(page)).to_be_hidden()


def opened(page: Page, service: Played) -> None:
    expect(page.get_by_text("Wij gebruiken dit gesprek om u te helpen.")).to_be_visible()


def buttons(page: Page, service: Played) -> None:
    say(page, "Wat kost een paspoort?")
    expect(turns(page)).to_have_count(2)
    source = {"url": "https://www.lindewaard.example/paspoort", "title": "Paspoort aanvragen"}
    choices = [{"id": "d1", "label": "Bekijk hoe lang het duurt"}]
    service.says(ANSWER, kind="answer", topic="paspoort", link=source, checked_on="2026-11-02", choices=choices)
    expect(turns(page)).to_have_count(3)


def error(page: Page, service: Played) -> None:
    service.acks = False
    say(page, "Wat kost een paspoort?")
    expect(turns(page)).to_have_count(2)
    until(page, lambda: service.frames("message"))
    refused = service.frames("message")[-1]["id"]
    service.send({"type": "error", "id": refused, "code": "rate_limited", "message": "U stuurt te veel berichten. Wacht even."})
    expect(page.get_by_role("alert").filter(has_text="U stuurt te veel berichten")).to_be_visible()


def queue(page: Page, service: Played) -> None:
    page.get_by_role("button", name="Medewerker spreken").click()
    service.says("Wij vragen een medewerker om mee te lezen.", "system", kind="notice")
    service.moves("waiting", position=2, wait_seconds=180)
    expect(page.get_by_role("status").filter(has_text="U bent nummer 2 in de rij.")).to_be_visible()


def staff(page: Page, service: Played) -> None:
    service.moves("staff", staff="Anja")
    service.says("Goedemiddag, ik lees even mee.", "staff")
    service.send({"type": "typing", "on": True})
    expect(page.get_by_role("status").filter(has_text="Anja, medewerker, typt een bericht.")).to_be_visible()


def ended(page: Page, service: Played) -> None:
    page.get_by_role("button", name="Gesprek beëindigen").click()
    service.moves("closed")
    expect(page.get_by_role("heading", name="Dit gesprek is afgesloten")).to_be_visible()


STATES = [closed, opened, buttons, error, queue, staff, ended]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
@pytest.mark.parametrize("screen", ["wide", "phone"])
def test_axe_finds_nothing(stack: Any, new_page: NewPage, state: Callable[[Page, Played], None], screen: str) -> None:
    """A11Y-16, A11Y-8: zero violations in every state, target-size included, on a wide screen and a phone."""
    page = new_page(viewport=dict(zip(("width", "height"), SCREENS[screen], strict=True)))
    service = Played(page)
    page.goto(stack.url)
    open_chat(page)
    state(page, service)
    assert violations(page) == []


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_under_a_theme(page: Page, stack: Any, theme: str) -> None:
    """A11Y-16, A11Y-8, NLD-4: contrast holds with each house style, dark ones and broken ones included."""
    service = Played(page)
    page.goto(host_page(page, stack, theme))
    open_chat(page)
    for state in (buttons, queue, staff, ended):
        state(page, service)
        assert violations(page) == [], state.__name__


# ---- transcript


def test_the_transcript_is_a_named_log_of_a_list(page: Page, played: Played) -> None:
    """A11Y-1, A11Y-3, BOT-2, BOT-3: who speaks in words, time as <time>, list semantics, language marked."""
    staff(page, played)
    expect(page.get_by_role("log", name="Berichten")).to_be_visible()
    expect(page.get_by_role("log").locator("ol > li")).to_have_count(2)
    expect(turns(page).nth(0)).to_contain_text("Digitale assistent")
    expect(turns(page).nth(1)).to_contain_text("Anja, medewerker")
    expect(turns(page).nth(0).locator("time")).to_have_attribute("datetime", "2026-11-23T13:05:00Z")
    played.moves("bot")
    played.says("This is in English.", language="en")
    expect(turns(page).nth(2)).to_contain_text("Digitale assistent")
    expect(turns(page).nth(2).locator(".text")).to_have_attribute("lang", "en")


def test_times_are_those_of_amsterdam(stack: Any, page: Page) -> None:
    """NFR-5: 13:05 UTC in November is five past two, also for a reader in Tokyo."""
    page.context.new_cdp_session(page).send("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    Played(page)
    page.goto(stack.url)
    open_chat(page)
    expect(turns(page).first.locator("time")).to_contain_text("14:05")


LISTEN = """() => {
    window.heard = []
    const root = document.querySelector("wegwijs-chat").shadowRoot
    const speaks = (node) => {
        const region = (node.nodeType === 1 ? node : node.parentElement)?.closest("[role=log], [role=status], [role=alert]")
        return region && region.ariaLive !== "off" && region.checkVisibility() ? region.getAttribute("role") : null
    }
    new MutationObserver((changes) => {
        for (const { addedNodes, target } of changes) {
            const said = [...addedNodes].map((node) => node.textContent.trim()).filter(Boolean)
            if (speaks(target)) window.heard.push(...said)
        }
    }).observe(root, { childList: true, subtree: true })
}"""


def heard(page: Page, words: str) -> int:
    return sum(words in text for text in page.evaluate("window.heard"))


def test_every_new_message_is_announced_once(page: Page, played: Played) -> None:
    """A11Y-1, A11Y-2: the resident's own words once, the answer once; a confirmation adds nothing."""
    page.evaluate(LISTEN)
    buttons(page, played)
    assert heard(page, "Wat kost een paspoort?") == 1
    assert heard(page, ANSWER) == 1
    played.drops()
    until(page, lambda: played.connections == 2 and len(played.frames("hello")) == 2)
    played.says("Er is nog iets.")
    expect(turns(page)).to_have_count(4)
    assert heard(page, ANSWER) == 1
    assert heard(page, "Er is nog iets.") == 1


def test_history_comes_back_in_silence(page: Page, played: Played) -> None:
    """A11Y-1: after a reload the whole transcript is there and none of it is announced; what is new then is."""
    buttons(page, played)
    page.reload()
    page.evaluate(LISTEN)
    launcher(page).click()
    expect(turns(page)).to_have_count(3)
    expect(page.locator("wegwijs-chat [role=log]")).to_have_attribute("aria-live", "polite")
    assert heard(page, ANSWER) == 0
    played.says("Er is nog iets.")
    expect(turns(page)).to_have_count(4)
    assert heard(page, "Er is nog iets.") == 1


def test_a_long_history_is_replayed_in_silence_too(page: Page, played: Played) -> None:
    """A11Y-1: beyond 200 turns the rest follows as turn frames, which are history all the same."""
    for number in range(2, 231):
        played.misses(f"Regel {number}.")
    page.reload()
    page.evaluate(LISTEN)
    launcher(page).click()
    expect(turns(page)).to_have_count(230)
    assert heard(page, "Regel") == 0


def test_a_new_message_does_not_move_the_focus(page: Page, played: Played) -> None:
    """A11Y-4: somebody who types goes on typing."""
    field(page).fill("Ik wil ook nog we")
    played.says(ANSWER)
    expect(turns(page)).to_have_count(2)
    expect(field(page)).to_be_focused()
    expect(field(page)).to_have_value("Ik wil ook nog we")


# ---- keyboard


def focus_is_inside(page: Page) -> bool:
    return bool(
        page.evaluate("""() => {
        const { shadowRoot } = document.querySelector("wegwijs-chat")
        return Boolean(shadowRoot.activeElement?.closest("wegwijs-panel"))
    }""")
    )


def test_everything_works_with_the_keyboard_alone(page: Page, stack: Any) -> None:
    """A11Y-4, A11Y-5, A11Y-10: open, type, choose, leave with Escape; focus goes in and comes back; nothing opens by itself."""
    service = Played(page)
    page.goto(stack.url)
    expect(launcher(page)).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_role("button", name="Stel uw vraag", expanded=False)).to_be_visible()
    launcher(page).focus()
    page.keyboard.press("Enter")
    expect(panel(page)).to_be_visible()
    expect(launcher(page)).to_have_attribute("aria-expanded", "true")
    assert focus_is_inside(page)
    page.keyboard.type("Hallo")
    page.keyboard.press("Enter")
    expect(turns(page)).to_have_count(2)
    page.get_by_role("button", name="Verhuizing doorgeven").focus()
    page.keyboard.press("Space")
    expect(turns(page)).to_have_count(3)
    assert service.frames("choose")[-1]["turn"] == 1
    assert service.frames("choose")[-1]["choice"] == "c2"
    page.keyboard.press("Escape")
    expect(panel(page)).to_be_hidden()
    expect(launcher(page)).to_be_focused()
    expect(launcher(page)).to_have_attribute("aria-expanded", "false")


def test_tab_leaves_the_panel_again(page: Page, played: Played) -> None:
    """A11Y-4: the dialog is not modal and holds nobody."""
    field(page).focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if not focus_is_inside(page):
            return
    pytest.fail("the focus never left the panel")


def test_on_a_phone_the_focus_is_never_under_the_panel(stack: Any, new_page: NewPage) -> None:
    """A11Y-9: where the panel covers the page, leaving it with Tab puts it away."""
    page = new_page(viewport={"width": 360, "height": 740})
    Played(page)
    page.goto(stack.url)
    open_chat(page)
    page.keyboard.press("Tab")
    for _ in range(30):
        page.keyboard.press("Shift+Tab")
        if not focus_is_inside(page):
            break
    expect(panel(page)).to_be_hidden()


def test_a_button_that_goes_leaves_the_focus_in_the_panel(page: Page, played: Played) -> None:
    """A11Y-4: asking for a person and leaving the queue hide the button that was pressed."""
    page.get_by_role("button", name="Medewerker spreken").focus()
    page.keyboard.press("Enter")
    played.moves("waiting", position=1)
    expect(field(page)).to_be_focused()
    page.get_by_role("button", name="Wachtrij verlaten").focus()
    page.keyboard.press("Enter")
    played.moves("bot")
    expect(field(page)).to_be_focused()


def test_unread_messages_are_in_the_name_of_the_launcher(page: Page, played: Played) -> None:
    """A11Y-5: and they are gone when the chat is open again."""
    page.keyboard.press("Escape")
    played.says("Bent u er nog?")
    expect(page.get_by_role("button", name=re.compile("Stel uw vraag.*1 nieuw bericht"))).to_be_visible()
    played.says("Ik hoor het graag.")
    expect(page.get_by_role("button", name=re.compile("2 nieuwe berichten"))).to_be_visible()
    launcher(page).click()
    expect(launcher(page)).to_have_accessible_name("Stel uw vraag")


# ---- sizes and sight


@pytest.mark.parametrize("state", [opened, buttons, queue, ended], ids=lambda state: state.__name__)
def test_every_target_is_at_least_44_pixels(page: Page, played: Played, state: Callable[[Page, Played], None]) -> None:
    """A11Y-6: measured by bounding boxes; a link inside a sentence is exempt."""
    state(page, played)
    small = page.evaluate("""() => [...document.querySelector("wegwijs-chat").shadowRoot
        .querySelectorAll("button, a, textarea, label:has(input)")]
        .filter((node) => node.checkVisibility() && !node.closest(".privacy, .text"))
        .map((node) => [node.textContent || node.ariaLabel, node.getBoundingClientRect()])
        .filter(([, { width, height }]) => width < 43.9 || height < 43.9)
        .map(([name, { width, height }]) => `${name}: ${width} x ${height}`)""")
    assert small == []


@pytest.mark.parametrize(
    "style",
    [
        "",
        "html { font-size: 62.5% }",
        ":root { font-size: 150% }",
        "html { font-size: 200% }",
        "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }",
    ],
    ids=["plain", "62.5", "150", "200", "spacing"],
)
@pytest.mark.parametrize("screen", ["low", "phone", "landscape"])
def test_small_screens_and_large_text(stack: Any, new_page: NewPage, screen: str, style: str) -> None:
    """A11Y-7, A11Y-13: no sideways scrolling, and field, last message and every button can be reached."""
    page = new_page(viewport=dict(zip(("width", "height"), SCREENS[screen], strict=True)))
    service = Played(page)
    page.goto(host_page(page, stack, style=style))
    open_chat(page)
    buttons(page, service)
    measured = page.evaluate("""() => {
        const root = document.querySelector("wegwijs-chat").shadowRoot
        const [panel, scroll, text] = ["wegwijs-panel", ".scroll", ".text"].map((part) => root.querySelector(part))
        return { wide: [document.documentElement, panel, scroll].some((node) => node.scrollWidth > node.clientWidth + 1),
                 text: parseFloat(getComputedStyle(text).fontSize) }
    }""")
    assert not measured["wide"]
    assert measured["text"] >= 16
    send, call = page.get_by_role("button", name="Verstuur"), page.get_by_role("link", name="Bel 14 0999")
    for part in (field(page), turns(page).last.locator(".text"), send, call):
        part.scroll_into_view_if_needed()
        expect(part).to_be_in_viewport(ratio=0.5)


def test_motion_stops_when_asked(stack: Any, new_page: NewPage) -> None:
    """A11Y-10: no animation with prefers-reduced-motion, and no title that flashes."""
    page = new_page(reduced_motion="reduce")
    service = Played(page)
    page.goto(stack.url)
    title = page.title()
    open_chat(page)
    closed(page, service)
    service.says(ANSWER)
    expect(launcher(page)).to_contain_text("1 nieuw bericht")
    assert page.evaluate("document.querySelector('wegwijs-chat').shadowRoot.getAnimations().length") == 0
    assert page.title() == title


def test_forced_colours_keep_borders_and_focus(stack: Any, new_page: NewPage) -> None:
    """A11Y-8, A11Y-9: with forced colours a shadow is gone, so borders and an outline must remain."""
    page = new_page(forced_colors="active")
    service = Played(page)
    page.goto(stack.url)
    open_chat(page)
    buttons(page, service)
    styles = page.evaluate("""() => {
        const root = document.querySelector("wegwijs-chat").shadowRoot
        return [".text", ".human", "textarea", ".bare"].map((part) => getComputedStyle(root.querySelector(part)).borderTopStyle)
            .concat(getComputedStyle(root.querySelector("textarea")).outlineStyle)
    }""")
    assert styles == ["solid"] * 5


def test_the_focus_ring_has_two_colours_of_its_own(page: Page, played: Played) -> None:
    """A11Y-9: white and black, so that one of them shows on every house style."""
    field(page).press("Tab")
    ring = page.evaluate("""() => {
        const { outlineColor, boxShadow } = getComputedStyle(document.querySelector("wegwijs-chat").shadowRoot.activeElement)
        return [outlineColor, boxShadow]
    }""")
    assert ring[0] == "rgb(255, 255, 255)"
    assert ring[1].startswith("rgb(11, 11, 11)")


# ---- themes

CHOSEN = """() => {
    const root = document.querySelector("wegwijs-chat").shadowRoot
    const look = (part) => getComputedStyle(root.querySelector(part))
    return { surface: look("wegwijs-panel").backgroundColor, text: look("wegwijs-panel").color,
             primary: look(".send").backgroundColor, on_primary: look(".send").color,
             link: look(".contact a").color, border: look("textarea").borderTopColor, font: look(".text").fontFamily }
}"""

PARTS = ["surface", "text", "primary", "on_primary", "link", "border"]
EXPECTED = {
    "none": "#ffffff #16222e #154273 #ffffff #154273 #5f7081",
    "utrecht": "#fffdf7 #2b1d0e #8a1538 #ffffff #8a1538 #6f5a43",
    "basis": "#f4f8fb #10222f #005ea2 #f5faff #004a80 #4d6a80",
    "dark": "#101418 #f0f0f0 #9ad0ff #06233a #9ad0ff #8fa3b5",
    # half a pair and unreadable pairs are passed over as a whole; so is a link colour that cannot be read on the surface
    "half": "#ffffff #16222e #22543d #ffffff #154273 #5f7081",
}


def rgb(colour: str) -> tuple[int, ...]:
    if colour.startswith("#"):
        return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return tuple(int(part) for part in re.findall(r"\d+", colour)[:3])


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [part / 255 for part in rgb(colour)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_colours_of_a_theme_come_in_pairs(page: Page, stack: Any, theme: str) -> None:
    """NLD-1, NLD-2, NLD-3, NLD-4, A11Y-8: computed colours and their contrast, through the shadow root."""
    Played(page)
    page.goto(host_page(page, stack, theme))
    open_chat(page)
    chosen = page.evaluate(CHOSEN)
    assert {part: rgb(chosen[part]) for part in PARTS} == dict(zip(PARTS, map(rgb, EXPECTED[theme].split()), strict=True))
    assert contrast(chosen["surface"], chosen["text"]) >= 4.5
    assert contrast(chosen["primary"], chosen["on_primary"]) >= 4.5
    assert contrast(chosen["surface"], chosen["link"]) >= 4.5
    assert contrast(chosen["surface"], chosen["border"]) >= 3
    assert ("Georgia" in chosen["font"]) == (theme == "utrecht")


def test_our_own_properties_come_first(page: Page, stack: Any) -> None:
    """NLD-1: --gemeente-chat-* wins from every other level."""
    Played(page)
    own = ":root { --gemeente-chat-primary-background-color: #333333; --gemeente-chat-primary-color: #ffffff }"
    page.goto(host_page(page, stack, "utrecht", style=own))
    open_chat(page)
    assert rgb(page.evaluate(CHOSEN)["primary"]) == (51, 51, 51)


def test_a_theme_that_changes_is_followed(page: Page, stack: Any) -> None:
    """NLD-3: a page that switches its theme class takes the chat along."""
    Played(page)
    night = ".night { --utrecht-document-background-color: #000000; --utrecht-document-color: #ffffff }"
    page.goto(host_page(page, stack, "none", style=night))
    open_chat(page)
    page.evaluate("document.body.classList.add('night')")
    expect(panel(page)).to_have_css("background-color", "rgb(0, 0, 0)")
    expect(panel(page)).to_have_css("color", "rgb(255, 255, 255)")


# ---- privacy, size, security

STRICT = (
    "default-src 'none'; script-src 'self' {ours}; style-src 'self'; connect-src {ours} {socket}; img-src 'self'; base-uri 'none'; "
    "object-src 'none'; require-trusted-types-for 'script'"
)


def watch(page: Page) -> list[Request]:
    seen: list[Request] = []
    page.on("request", lambda request: seen.append(request))  # append itself has no place for what Playwright notes on it
    return seen


def test_nothing_is_asked_or_stored_before_the_chat_is_opened(page: Page, stack: Any) -> None:
    """PRV-1, NFR-2: the module and no more; no cookie, no storage, no socket."""
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    seen = watch(page)
    page.goto(host_page(page, stack))
    expect(launcher(page)).to_be_visible()
    page.wait_for_load_state("networkidle")
    ours = [request.url for request in seen if "/host" not in request.url and "favicon" not in request.url]
    assert ours == [f"{stack.url.rstrip('/')}/web/v1/widget/wegwijs.js"]
    assert sockets == []
    assert page.evaluate("[sessionStorage.length, localStorage.length, document.cookie]") == [0, 0, ""]


def test_the_chat_asks_our_own_service_only(page: Page, stack: Any) -> None:
    """PRV-1, NFR-2: no third party; at most 40 kB gzip in all and 5 kB before opening."""
    seen = watch(page)
    page.goto(stack.url)
    expect(launcher(page)).to_be_visible()
    before = [request.url for request in seen if "/widget/" in request.url or "/shared/" in request.url]
    open_chat(page)
    page.wait_for_load_state("networkidle")
    after = {request.url for request in seen if "/widget/" in request.url or "/shared/" in request.url}
    assert {urlsplit(request.url).netloc for request in seen if not request.url.startswith("data:")} == {urlsplit(stack.url).netloc}

    def size(urls: Any) -> int:
        return sum(len(gzip.compress(page.request.get(url).body())) for url in urls)

    assert size(before) <= 5_000
    assert size(after) <= 40_000


def test_the_privacy_notice_comes_before_the_first_message(page: Page, played: Played) -> None:
    """PRV-2: purpose, term and readers, with a link, above everything that can be said."""
    notice = page.locator("wegwijs-chat .privacy")
    expect(notice).to_be_in_viewport()
    expect(notice).to_contain_text("28 dagen")
    expect(notice.get_by_role("link", name="Lees meer over uw privacy")).to_be_visible()
    assert notice.bounding_box()["y"] < turns(page).first.bounding_box()["y"]  # type: ignore[index]


def test_it_works_on_a_strict_page_of_another_site(page: Page, stack: Any) -> None:
    """SEC-1, SEC-2: the running service, another origin, no unsafe-inline, trusted types; nothing is blocked."""
    problems: list[str] = []
    page.on("console", lambda message: message.type == "error" and "favicon" not in message.text and problems.append(message.text))
    page.on("pageerror", lambda failure: problems.append(str(failure)))
    ours = stack.url.rstrip("/")
    page.goto(host_page(page, stack, csp=STRICT.format(ours=ours, socket=ours.replace("http", "ws"))))
    open_chat(page)
    say(page, "Wat kost een paspoort?")
    expect(turns(page).nth(2)).to_be_visible()
    expect(panel(page)).to_have_css("position", "fixed")
    assert problems == []


def test_text_stays_text(page: Page, played: Played) -> None:
    """SEC-2, SEC-23: no markup is parsed, and only https, tel and mailto become links."""
    played.says(
        "<img src=x onerror=alert(1)> javascript:alert(1) http://slecht.example "
        "https://www.lindewaard.example/a. Mail info@lindewaard.example",
        link={"url": "javascript:alert(1)", "title": "Klik hier"},
    )
    expect(turns(page)).to_have_count(2)
    expect(turns(page).last).to_contain_text("<img src=x onerror=alert(1)>")
    links = turns(page).last.locator("a").evaluate_all("nodes => nodes.map((node) => node.getAttribute('href'))")
    assert links == ["https://www.lindewaard.example/a", "mailto:info@lindewaard.example"]
    assert turns(page).last.locator("img").count() == 0


def test_the_page_gets_no_globals(page: Page, stack: Any) -> None:
    """SEC-22: the widget leaves window as it was."""
    page.goto(host_page(page, stack, script=False))
    before = set(page.evaluate("Object.getOwnPropertyNames(window)"))
    Played(page)
    page.goto(host_page(page, stack))
    names = set(page.evaluate("Object.getOwnPropertyNames(window)"))
    assert {name for name in names - before if not name.startswith("__p")} == set()  # __p…: the test's own tools


def test_contact_stays_in_sight_when_the_socket_is_blocked(page: Page, stack: Any) -> None:
    """A11Y-15, AWB-5: telephone and contact page are there at once, and an alert says what is wrong."""
    ours = stack.url.rstrip("/")
    page.goto(host_page(page, stack, csp=STRICT.format(ours=ours, socket="'self'")))
    launcher(page).click()
    expect(page.get_by_role("link", name="Bel 14 0999")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^Contact"))).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="Er is geen verbinding.")).to_be_visible()
    say(page, "Bent u daar?")
    expect(turns(page).first).to_contain_text("Niet verzonden. Wij proberen het opnieuw.")


def test_contact_stays_in_sight_when_the_service_is_gone(page: Page, stack: Any) -> None:
    """NFR-2, A11Y-15: the panel cannot be fetched; the launcher itself says so and names the telephone number."""
    page.goto(host_page(page, stack))
    expect(launcher(page)).to_be_visible()
    page.route("**/panel.js*", lambda route: route.abort())
    launcher(page).click()
    expect(page.get_by_role("alert")).to_contain_text("De chat werkt nu niet.")
    expect(page.get_by_role("link", name="Bel 14 0999")).to_be_visible()
    page.unroute("**/panel.js*")
    Played(page)
    open_chat(page)


def test_contact_is_on_the_page_without_javascript(stack: Any, new_page: NewPage) -> None:
    """A11Y-15: the demonstration page has its telephone number in plain HTML."""
    page = new_page(java_script_enabled=False)
    page.goto(stack.url)
    expect(page.get_by_role("link", name="14 0999")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/en"])
def test_the_demonstration_pages_are_accessible(stack: Any, new_page: NewPage, path: str) -> None:
    """A11Y-15, A11Y-16, LANG-6: both languages, at 320 pixels, nothing for axe and no sideways scrolling."""
    page = new_page(viewport={"width": 320, "height": 600})
    page.goto(stack.url.rstrip("/") + path)
    expect(launcher(page)).to_have_attribute("aria-expanded", "false")
    expect(page.locator("html")).to_have_attribute("lang", "en" if path == "/en" else "nl")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


# ---- nothing gets lost


def test_unsent_text_survives_a_reload(page: Page, stack: Any) -> None:
    """A11Y-11, NFR-3: on the running service; the conversation comes back with it, and the chat does not open by itself."""
    page.goto(stack.url)
    open_chat(page)
    say(page, "Wat kost een paspoort?")
    expect(turns(page).nth(2)).to_be_visible()
    field(page).fill("En hoe lang duurt het d")
    page.reload()
    expect(panel(page)).to_have_count(0)
    launcher(page).click()
    expect(field(page)).to_have_value("En hoe lang duurt het d")
    expect(page.get_by_role("log")).to_contain_text("Wat kost een paspoort?")


def test_who_waits_can_open_the_chat_while_it_still_loads_by_itself(page: Page, played: Played) -> None:
    """BOT-9, NFR-3: after a reload the chat fetches itself for who waits; a click meanwhile fetched it again, and broke it."""
    queue(page, played)
    held: list[Route] = []
    page.route("**/widget/panel.css", lambda route: held.append(route))
    page.reload()
    until(page, lambda: held)
    launcher(page).click()
    page.wait_for_timeout(500)  # enough for a second one to be fetched, which must not happen
    assert len(held) == 1
    held[0].continue_()
    expect(turns(page).last).to_be_visible()
    expect(page.get_by_text("De chat werkt nu niet")).to_have_count(0)


def test_who_waits_keeps_the_line_over_a_reload(page: Page, played: Played) -> None:
    """BOT-9, A11Y-10: the chat stays closed, but the connection comes back and the launcher counts what staff say."""
    queue(page, played)
    page.reload()
    until(page, lambda: played.connections == 2 and len(played.frames("hello")) == 2)
    assert played.frames("hello")[-1]["token"] == "t-1"
    played.moves("staff", staff="Anja")
    played.says("Goedemiddag, ik lees even mee.", "staff")
    expect(page.get_by_role("button", name=re.compile("1 nieuw bericht"))).to_be_visible()
    expect(panel(page)).to_be_hidden()
    launcher(page).click()
    expect(turns(page).last).to_contain_text("Goedemiddag, ik lees even mee.")


def test_a_message_without_acknowledgement_is_sent_again_with_its_own_id(page: Page, played: Played) -> None:
    """NFR-3: also after a reload; it is shown once and stored once."""
    played.acks = False
    say(page, "Kan ik langskomen?")
    expect(turns(page).last).to_contain_text("Wordt verzonden")
    played.drops()
    expect(turns(page).last).to_contain_text("Niet verzonden. Wij proberen het opnieuw.")
    page.reload()
    played.acks = True
    launcher(page).click()
    expect(turns(page)).to_have_count(2)
    expect(turns(page).last).to_contain_text("Kan ik langskomen?")
    expect(turns(page).last).not_to_contain_text("verzonden")
    assert len({frame["id"] for frame in played.frames("message")}) == 1
    assert [turn["text"] for turn in played.turns].count("Kan ik langskomen?") == 1


def test_a_refused_message_can_be_sent_again(page: Page, played: Played) -> None:
    """NFR-3, A11Y-2: the error is an alert, the words stay, and the button sends the same id."""
    error(page, played)
    expect(turns(page).last).to_contain_text("Niet verzonden.")
    played.acks = True
    turns(page).last.get_by_role("button", name="Opnieuw verzenden").click()
    expect(turns(page).last).not_to_contain_text("verzonden.")
    assert len({frame["id"] for frame in played.frames("message")}) == 1


def test_a_gap_is_closed_by_asking_again(page: Page, played: Played) -> None:
    """NFR-3: a jump in seq makes the widget come back with the last number it has; duplicates are dropped."""
    played.misses("Dit bericht ging verloren.")
    played.says("Dit bericht kwam aan.")
    expect(turns(page)).to_have_count(3)
    expect(turns(page).nth(1)).to_contain_text("Dit bericht ging verloren.")
    assert played.frames("hello")[-1]["after"] == 1
    played.send({"type": "turn", "turn": played.turns[1]})
    played.says("Nog een bericht.")
    expect(turns(page)).to_have_count(4)


def test_an_unknown_conversation_is_never_replaced_in_silence(page: Page, played: Played) -> None:
    """SEC-9, A11Y-2: not_found and 1008 give an alert and a button; unsent words stay."""
    field(page).fill("Mijn vraag")
    played.known.clear()
    played.drops()
    expect(page.get_by_role("alert").filter(has_text="Wij kunnen uw gesprek niet meer vinden.")).to_be_visible()
    connections = played.connections
    page.wait_for_timeout(1500)  # two retries would fit in here
    assert played.connections == connections
    played.known.add("t-1")
    page.get_by_role("button", name="Nieuw gesprek beginnen").click()
    expect(turns(page)).to_have_count(1)
    expect(field(page)).to_have_value("Mijn vraag")
    assert "token" not in played.frames("hello")[-1]


def test_a_long_message_is_counted_and_refused_at_the_field(page: Page, played: Played) -> None:
    """A11Y-12: the counter and the error belong to the field; nothing is cut off or sent."""
    field(page).fill("a" * 1990)
    expect(page.get_by_text("Nog 10 tekens")).to_be_visible()
    field(page).fill("a" * 2001)
    expect(page.get_by_text("1 teken te veel")).to_be_visible()
    field(page).press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Uw bericht is te lang.")).to_be_visible()
    expect(field(page)).to_have_attribute("aria-invalid", "true")
    expect(field(page)).to_have_accessible_description(re.compile("Uw bericht is te lang"))
    assert played.frames("message") == []


# ---- people


def test_the_button_says_that_staff_will_read_along(page: Page, played: Played) -> None:
    """BOT-5, BOT-8: consent is in the words of the button; the queue can be left."""
    expect(page.get_by_role("button", name="Medewerker spreken Een medewerker leest dan dit gesprek")).to_be_visible()
    queue(page, played)
    assert len(played.frames("human")) == 1
    expect(page.get_by_text("U wacht ongeveer 3 minuten.")).to_be_visible()
    page.get_by_role("button", name="Wachtrij verlaten").click()
    played.moves("bot")
    expect(page.get_by_role("button", name="Medewerker spreken")).to_be_visible()
    assert len(played.frames("leave")) == 1


def test_who_asks_for_a_person_at_once_sees_what_they_say(page: Page, played: Played) -> None:
    """BOT-5, A11Y-7: the notice on privacy gives way as soon as something is said, also when the resident typed nothing."""
    queue(page, played)
    expect(turns(page).last.locator(".text")).to_be_in_viewport(ratio=0.9)
    staff(page, played)
    expect(turns(page).last.locator(".text")).to_be_in_viewport(ratio=0.9)


def test_a_reader_of_earlier_turns_keeps_their_place(page: Page, played: Played) -> None:
    """A11Y-4: something new does not scroll the text away; a button leads there."""
    for number in range(12):
        played.says(f"Regel {number}.")
    expect(turns(page)).to_have_count(13)
    page.locator("wegwijs-chat .scroll").evaluate("node => { node.scrollTop = 0 }")
    expect(page.locator("wegwijs-chat .privacy")).to_be_in_viewport()
    played.says("Er is nog iets.")
    expect(page.locator("wegwijs-chat .privacy")).to_be_in_viewport()
    page.get_by_role("button", name="Naar het nieuwe bericht").click()
    expect(turns(page).last.locator(".text")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Naar het nieuwe bericht")).to_be_hidden()


def test_the_bot_works_without_dots(page: Page, played: Played) -> None:
    """BOT-4: a status text while it works, gone with the answer; a typing sign for staff only."""
    say(page, "Wat kost een paspoort?")
    status = page.get_by_role("status").filter(has_text="Wij zoeken het antwoord op.")
    expect(status).to_be_visible()
    played.says(ANSWER)
    expect(status).to_have_count(0)


def test_ending_a_talk_with_staff_asks_first(page: Page, played: Played) -> None:
    """A11Y-4: the question takes the focus, Escape takes it back, and nothing has ended."""
    staff(page, played)
    page.get_by_role("button", name="Gesprek beëindigen").click()
    expect(page.get_by_role("button", name="Nee, doorgaan")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Gesprek beëindigen")).to_be_focused()
    assert played.frames("close") == []
    page.get_by_role("button", name="Gesprek beëindigen").click()
    page.get_by_role("button", name="Ja, beëindigen").click()
    played.moves("closed")
    expect(page.get_by_role("heading", name="Dit gesprek is afgesloten")).to_be_focused()
    assert len(played.frames("close")) == 1


def test_the_end_offers_rating_download_and_a_new_conversation(page: Page, played: Played) -> None:
    """BOT-12, A11Y-12: transcript as text made here, a rating that may be skipped."""
    buttons(page, played)
    ended(page, played)
    expect(page.get_by_role("button", name="Bekijk hoe lang het duurt")).to_have_attribute("aria-disabled", "true")
    with page.expect_download() as download:
        page.get_by_role("button", name="Gesprek bewaren").click()
    text = Path(download.value.path()).read_text()
    assert download.value.suggested_filename.endswith(".txt")
    for words in ("Digitale assistent:", ANSWER, "Gecontroleerd op 2 november 2026"):
        assert words in text
    page.get_by_role("button", name="Verstuur uw mening").click()
    expect(page.get_by_role("alert").filter(has_text="Kies eerst een cijfer.")).to_be_visible()
    page.get_by_role("radio", name="4 tevreden").check()
    page.get_by_label("Wat kan beter?").fill("Niets")
    page.get_by_role("button", name="Verstuur uw mening").click()
    expect(page.get_by_role("status").filter(has_text="Bedankt voor uw mening.")).to_be_visible()
    assert {name: played.frames("rate")[-1][name] for name in ("score", "comment")} == {"score": 4, "comment": "Niets"}
    played.turns, played.state = played.turns[:1], {"type": "state", "state": "bot", "epoch": 1}
    page.get_by_role("button", name="Nieuw gesprek beginnen").click()
    expect(turns(page)).to_have_count(1)
    expect(field(page)).to_be_focused()


def test_the_language_can_be_changed_at_any_time(page: Page, played: Played) -> None:
    """LANG-6, A11Y-3: the interface follows at once, what was said stays, and the service is told."""
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("dialog", name="Chat with the municipality")).to_have_attribute("lang", "en")
    expect(page.get_by_role("button", name="Talk to a staff member")).to_be_visible()
    expect(turns(page)).to_have_count(1)
    expect(turns(page).first).to_contain_text("Digital assistant")
    assert played.frames("language")[-1]["language"] == "en"
    assert page.locator("wegwijs-chat").get_attribute("lang") == "en"


def test_the_first_words_are_the_bots_own_introduction(page: Page, stack: Any) -> None:
    """BOT-1: on the running service, before any question."""
    page.goto(stack.url)
    open_chat(page)
    expect(turns(page).first).to_contain_text("Digitale assistent")
    expect(turns(page).first).to_contain_text(re.compile("digitale assistent|chatbot|computer", re.I))


def test_the_answer_shows_its_source_and_date(page: Page, stack: Any) -> None:
    """BOT-10: link and checked-on date under an answer of the running service."""
    page.goto(stack.url)
    open_chat(page)
    say(page, "Wat kost een paspoort?")
    answer = turns(page).nth(2)
    expect(answer).to_contain_text("Gecontroleerd op")
    expect(answer.locator(".source a")).to_have_attribute("href", re.compile("^https://"))


# ---- who is logged in on the page


def test_sec13_who_is_logged_in_on_the_site_is_known_and_after_logging_out_the_chat_shows_nothing(page: Page, stack: Any) -> None:
    """SEC-13: a fresh token for each connection; the conversation's own token is not enough."""
    sub, logged_in = "browser-resident", True

    def answer(route: Any) -> None:
        if logged_in:
            route.fulfill(json={"identity": stack.identity(sub)})
        else:
            route.fulfill(status=401)

    site = host_page(page, stack, more='data-identity-url="/host/chat-token"')
    page.route(f"{site}/chat-token", answer)
    page.goto(site)
    open_chat(page)
    expect(panel(page).get_by_text("digitale assistent").first).to_be_visible()
    page.reload()
    open_chat(page)
    expect(panel(page).get_by_text("digitale assistent").first).to_be_visible()
    logged_in = False
    page.reload()
    launcher(page).click()
    expect(panel(page).locator(".alert")).to_contain_text("U bent niet meer ingelogd")
    expect(panel(page).locator("wegwijs-turn")).to_have_count(0)
    panel(page).get_by_role("button", name="Nieuw gesprek beginnen").click()
    expect(panel(page).get_by_text("digitale assistent").first).to_be_visible()


def test_prv1_only_the_pages_own_site_is_asked_who_is_logged_in(page: Page, stack: Any) -> None:
    asked: list[str] = []
    page.route("https://elsewhere.example/**", lambda route: (asked.append(route.request.url), route.fulfill(json={"identity": "a.b.c"})))
    page.goto(host_page(page, stack, more='data-identity-url="https://elsewhere.example/token"'))
    open_chat(page)
    expect(panel(page).get_by_text("digitale assistent").first).to_be_visible()
    assert asked == []
