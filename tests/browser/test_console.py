"""The staff console in a real browser, against the running service.

Residents here are sockets (protocol.md section 4); the other browser tests let two real pages talk to each other.
"""

import contextlib
import json
import re
import time
import uuid
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, WebSocketRoute, expect
from websockets.sync.client import connect

AXE = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]},
    "rules": {"target-size": {"enabled": True}},
}
PATIENCE = 45  # seconds
TABS = 80  # more presses than the longest way over the page


class Resident:
    """Somebody on the website: says things, asks for a person, and hears what comes back."""

    def __init__(self, url: str, **hello: str) -> None:
        self.socket = connect(url.replace("http", "ws", 1) + "/chat/ws", origin=url)
        self.frames: list[dict] = []
        self._send({"type": "hello", "language": "nl", "page": f"{url}/paspoort", **hello})
        self._until(lambda frame: frame["type"] == "welcome")

    def says(self, text: str) -> None:
        self._ask({"type": "message", "text": text})

    def waits_for_a_person(self, last_words: str) -> None:
        """Into the queue, with `last_words` said there: those are what the lists show."""
        self._ask({"type": "human"})
        self._until(lambda frame: frame["type"] == "state" and frame["state"] == "waiting")
        self.says(last_words)

    def hears(self, text: str) -> None:
        self._until(lambda frame: frame["type"] == "turn" and frame["turn"]["text"] == text)

    def hears_something_of(self, topic: str) -> None:
        self._until(lambda frame: frame["type"] == "turn" and frame["turn"].get("topic") == topic)

    def is_told(self, state: str) -> None:
        self._until(lambda frame: frame["type"] == "state" and frame["state"] == state)

    def types(self, on: bool) -> None:
        self._send({"type": "typing", "on": on})

    def sees_typing(self, on: bool) -> None:
        self._until(lambda frame: frame == {"type": "typing", "on": on})

    def heard(self, text: str) -> int:
        return sum(frame["type"] == "turn" and frame["turn"]["text"] == text for frame in self.frames)

    def close(self) -> None:
        self.socket.close()

    def _ask(self, frame: dict) -> None:
        frame = {"id": str(uuid.uuid4()), **frame}
        self._send(frame)
        self._until(lambda answer: answer["type"] in ("ack", "error") and answer.get("id") == frame["id"])
        assert self.frames[-1]["type"] == "ack", self.frames[-1]

    def _send(self, frame: dict) -> None:
        self.socket.send(json.dumps(frame))

    def _until(self, found: Callable[[dict], bool]) -> None:
        if any(found(frame) for frame in self.frames):
            return
        end = time.monotonic() + PATIENCE
        with contextlib.suppress(TimeoutError):
            while (left := end - time.monotonic()) > 0:
                self.frames.append(json.loads(self.socket.recv(timeout=left)))
                if found(self.frames[-1]):
                    return
        raise AssertionError(f"not heard in time; the last frames were {self.frames[-5:]}")


class Wire:
    """Stands between a console and the service: holds frames back, counts them, and cuts the line.

    Frames pass only while the test waits for the page, so a test looks at the page before it listens to the resident.
    """

    def __init__(self, page: Page) -> None:
        self.sent: list[dict] = []
        self.hold: Callable[[dict], bool] = lambda frame: False
        self.routes: list[WebSocketRoute] = []
        page.route_web_socket(re.compile("/console/ws"), self._open)

    def _open(self, route: WebSocketRoute) -> None:
        self.routes.append(route)
        server = route.connect_to_server()

        def up(message: str | bytes) -> None:
            self.sent.append(json.loads(message))
            server.send(message)

        def down(message: str | bytes) -> None:
            if not self.hold(json.loads(message)):
                route.send(message)

        route.on_message(up)
        server.on_message(down)

    def push(self, frame: dict) -> None:
        self.routes[-1].send(json.dumps(frame))

    def cut(self) -> None:
        self.hold = lambda frame: False
        self.routes[-1].close(code=1012)


@pytest.fixture
def resident(stack) -> Iterator[Callable[[], Resident]]:
    residents: list[Resident] = []

    def arrive(**hello: str) -> Resident:
        residents.append(Resident(stack.url, **hello))
        return residents[-1]

    yield arrive
    for one in residents:
        one.close()


@pytest.fixture
def console(stack, new_page) -> Callable[..., Page]:
    """A page with the console; `name` logs in as a new member of staff with that name."""

    def open_console(name: str | None = None, wire: bool = False, **options: object) -> Page:
        page = new_page(**options)
        page.set_default_timeout(PATIENCE * 1000)
        page.wire = Wire(page) if wire else None
        page.blocked = []
        page.on("console", lambda message: "Content Security Policy" in message.text and page.blocked.append(message.text))
        page.on("pageerror", lambda error: page.blocked.append(str(error)))
        page.goto(f"{stack.url}/console")
        if name:
            page.staff_name, page.password = stack.staff(f"{name} {uuid.uuid4().hex[:6]}")
            log_in(page, page.staff_name, page.password)
            is_at_work(page)
        return page

    return open_console


def log_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("Naam").fill(name)
    page.get_by_label("Wachtwoord", exact=True).fill(password)
    page.get_by_role("button", name="Inloggen").click()


def is_at_work(page: Page) -> None:
    """A resident who asks for a person finds one: not yet when the page stands there, but once the service knows."""
    expect(page.get_by_role("heading", name="Wachtend")).to_be_visible()
    expect(page.locator("staff-desk")).to_have_attribute("data-presence", "available")


def row(page: Page, text: str) -> Locator:
    """The row of somebody who waits; `text` is what the resident said last."""
    return page.locator("conversation-list[kind=waiting] .row").filter(has_text=text)


def chosen(page: Page, kind: str) -> Locator:
    return page.locator(f"conversation-list[kind={kind}] .row").filter(has=page.locator("[aria-current=true]"))


def action(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name="Acties bij dit gesprek").get_by_role("button", name=name)


def reply(page: Page, text: str) -> None:
    page.get_by_label("Uw antwoord aan de inwoner").fill(text)
    page.keyboard.press("Enter")


def turns(page: Page, text: str) -> Locator:
    return page.get_by_role("log").locator(".turn").filter(has_text=text)


def waiting_resident(resident: Callable[[], Resident], page: Page) -> tuple[Resident, str]:
    is_at_work(page)
    fatma = resident()
    fatma.says("Wat kost een paspoort?")
    words = f"Ik wacht hier {uuid.uuid4().hex[:8]}"
    fatma.waits_for_a_person(words)
    expect(row(page, words)).to_be_visible()
    return fatma, words


def claimed(resident: Callable[[], Resident], page: Page) -> tuple[Resident, str]:
    fatma, words = waiting_resident(resident, page)
    row(page, words).get_by_role("button", name="Oppakken").click()
    expect(page.get_by_label("Uw antwoord aan de inwoner")).to_be_focused()
    return fatma, words


def assert_accessible(page: Page, state: str) -> None:
    found = Axe().run(page, options=AXE)
    assert found.violations_count == 0, f"{state}: {found.generate_report()}"


def tab_to(page: Page, target: Locator, keys: str = "Tab") -> None:
    for _ in range(TABS):
        if target.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press(keys)
    raise AssertionError("the keyboard does not get there")


def test_sec10_a_wrong_password_is_refused_in_words_and_the_right_one_opens_the_desk(stack, console):
    """SEC-10, A11Y-12: the error is announced and tied to the field, which gets the focus."""
    name, password = stack.staff("Anja inlog")
    page = console()
    expect(page.get_by_label("Naam")).to_be_focused()
    log_in(page, name, "dit is het niet")
    expect(page.get_by_role("alert")).to_have_text("De naam of het wachtwoord klopt niet.")
    wrong = page.get_by_label("Wachtwoord", exact=True)
    expect(wrong).to_be_focused()
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_have_accessible_description("De naam of het wachtwoord klopt niet.")
    assert_accessible(page, "log-in, refused")
    log_in(page, name, password)
    expect(page.get_by_role("heading", name="Mijn gesprekken")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Mijn gesprekken")).to_be_visible()


def test_sec16_too_many_tries_are_told_apart_from_a_wrong_password(console):
    """SEC-16: what the page says to a 429."""
    page = console()
    page.route("**/console/login", lambda route: route.fulfill(status=429))
    log_in(page, "Anja", "fout")
    expect(page.get_by_role("alert")).to_contain_text("Te vaak geprobeerd")


@pytest.mark.parametrize("colours", ["none", "active"])
def test_a11y14_a11y16_axe_finds_nothing_in_any_state(console, resident, colours):
    """A11Y-14, A11Y-16, A11Y-8 (forced colours), SEC-1: no violation, and the CSP blocked nothing of ours."""
    page = console(forced_colors=colours)
    assert_accessible(page, "log-in")
    page = console("Anja", wire=True, forced_colors=colours)
    assert_accessible(page, "empty")
    fatma, words = waiting_resident(resident, page)
    assert_accessible(page, "waiting")
    row(page, words).locator(".choose").click()
    expect(turns(page, words)).to_be_visible()
    assert_accessible(page, "open")
    action(page, "Oppakken").click()
    expect(page.get_by_label("Uw antwoord aan de inwoner")).to_be_focused()
    reply(page, "Goedemiddag, ik lees even mee.")
    expect(turns(page, "Goedemiddag, ik lees even mee.")).to_be_visible()
    fatma.hears("Goedemiddag, ik lees even mee.")
    assert_accessible(page, "claimed")
    page.get_by_label("Interne notitie").check()
    page.get_by_label("Notitie voor collega's").fill("Heeft haast.")
    page.keyboard.press("Enter")
    expect(turns(page, "Heeft haast.")).to_contain_text("Interne notitie")
    assert_accessible(page, "note")
    for name, heading in (
        ("Doorzetten", "Gesprek doorzetten"),
        ("Terug naar assistent", "Terug naar de assistent"),
        ("Afronden", "Gesprek afronden"),
    ):
        action(page, name).click()
        dialog = page.get_by_role("dialog", name=heading)
        assert_accessible(page, name)
        if name != "Terug naar assistent":
            dialog.get_by_role("button", name=name).click()
            expect(dialog.get_by_role("alert")).not_to_be_empty()
            assert_accessible(page, f"{name}, incomplete")
        page.keyboard.press("Escape")
        expect(action(page, name)).to_be_focused()
    for name in ("Hulp", "Instellingen"):
        page.get_by_role("button", name=name).click()
        assert_accessible(page, name)
        page.keyboard.press("Escape")
    page.wire.push({"type": "callbacks", "callbacks": [{
        "callback": str(uuid.uuid4()), "conversation": str(uuid.uuid4()), "phone": "+31612345678", "name": None,
        "question": "Kunt u mij bellen?",
        "topic": "paspoort", "status": "open", "created_at": "2026-11-23T09:00:00Z", "done_by": None,
    }]})  # fmt: skip
    expect(page.get_by_text("06 1234 5678")).to_be_visible()
    assert_accessible(page, "callbacks")
    page.get_by_role("button", name="Gesprek bekijken").click()
    expect(page.get_by_role("alert").filter(has_text="Dit gesprek is er niet")).to_be_visible()
    assert_accessible(page, "error")
    page.get_by_role("button", name="Uitloggen").click()
    expect(page.get_by_text("U bent uitgelogd.")).to_be_visible()
    assert_accessible(page, "ended")
    assert page.blocked == []


def test_bot8_the_packet_stands_readable_above_the_transcript(console, resident):
    """BOT-8, BOT-3: why, what was asked, who is known; and who said what in words."""
    page = console("Anja")
    _, words = waiting_resident(resident, page)
    row(page, words).locator(".choose").click()
    card = page.locator("packet-card")
    expect(card).to_contain_text("De inwoner vroeg om een medewerker")
    expect(card.locator("dl > div").filter(has_text="Identiteit").last).to_contain_text("niet bekend")
    expect(card).to_contain_text("Website, Nederlands")
    expect(card).to_contain_text("/paspoort")
    expect(card.get_by_role("link")).to_have_count(0)
    assert card.bounding_box()["y"] < page.get_by_role("log").bounding_box()["y"]
    said = turns(page, "Wat kost een paspoort?").first
    expect(said.locator("strong")).to_have_text("Inwoner")
    expect(said.locator(".turn-text")).to_have_attribute("lang", "nl")
    expect(page.get_by_role("log").locator(".turn.bot strong").first).to_have_text("Digitale assistent")


def test_earlier_contacts_of_a_known_resident_stand_there_before_the_first_reply(stack, console, resident):
    """The customer view: over every conversation, newest first, with what was promised; what nobody checked is called that."""
    sub, words = f"resident-{uuid.uuid4()}", f"Ik wacht hier {uuid.uuid4().hex[:8]}"
    earlier = resident(identity=stack.identity(sub))
    earlier.says("Wat kost een paspoort?")
    earlier.hears_something_of("paspoort")
    earlier.close()
    page = console("Anja", viewport={"width": 1400, "height": 900})
    fatma = resident(identity=stack.identity(sub, email="fatma@example.nl", email_verified=True))
    fatma.waits_for_a_person(words)
    row(page, words).locator(".choose").click()
    panel = page.locator("contacts-panel")
    expect(panel.locator(".who")).to_contain_text("Ingelogd (digid-midden)")
    expect(panel.locator(".contact-details li")).to_have_text(["fatma@example.nl gecontroleerd"])
    expect(panel.locator(".contacts li")).to_contain_text(["Vraag: Wat kost een paspoort?"])
    assert_accessible(page, "contacts")
    _stranger, others = waiting_resident(resident, page)
    row(page, others).locator(".choose").click()
    expect(panel.locator(".who")).to_have_text("Niet gecontroleerd wie dit is.")
    expect(panel).not_to_contain_text("fatma@example.nl")
    assert page.blocked == []


def test_a11y4_a11y14_from_log_in_to_wrap_up_with_the_keyboard_alone(stack, console, resident):
    """A11Y-4, A11Y-14: no mouse anywhere, shortcuts switched off on the way."""
    name, password = stack.staff("Anja toetsenbord")
    page = console()
    keys = page.keyboard
    expect(page.get_by_label("Naam")).to_be_focused()
    keys.type(name)
    keys.press("Tab")
    keys.type(password)
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Wachtend")).to_be_visible()
    fatma, words = waiting_resident(resident, page)
    tab_to(page, row(page, words).locator(".choose"))
    keys.press("Enter")
    expect(page.locator("#talk-heading")).to_be_focused()
    tab_to(page, action(page, "Oppakken"))
    keys.press("Enter")
    expect(page.get_by_label("Uw antwoord aan de inwoner")).to_be_focused()
    keys.type("Goedemiddag,")
    keys.press("Shift+Enter")
    keys.type("ik help u.")
    keys.press("Enter")
    fatma.hears("Goedemiddag,\nik help u.")
    tab_to(page, page.get_by_role("log"), "Shift+Tab")
    tab_to(page, action(page, "Afronden"), "Shift+Tab")
    keys.press("Enter")
    dialog = page.get_by_role("dialog", name="Gesprek afronden")
    tab_to(page, dialog.get_by_label("Opgelost"))
    keys.press("Space")
    tab_to(page, dialog.get_by_label("Samenvatting"))
    keys.type("Vraag over een paspoort beantwoord.")
    tab_to(page, dialog.get_by_label("Zoek een onderwerp"))
    keys.type("rijbewijs")
    tab_to(page, dialog.get_by_label("Rijbewijs").first)
    keys.press("Space")
    tab_to(page, dialog.get_by_role("button", name="Afronden"))
    keys.press("Enter")
    expect(page.get_by_text("Het gesprek is afgerond.")).to_be_visible()
    fatma.is_told("closed")
    assert page.evaluate("document.activeElement !== document.body")


def test_a11y10_sound_and_title_mark_are_off_until_switched_on_and_then_remembered(console, resident):
    page = console("Anja", wire=False)
    count_sounds(page)
    page.reload()
    waiting_resident(resident, page)
    assert page.evaluate("window.sounds") == 0
    expect(page).to_have_title("Wegwijs: gesprekken van inwoners")
    page.get_by_role("button", name="Instellingen").click()
    page.get_by_label("Aantal wachtenden in de titel").check()
    page.get_by_label("Geluid als er iemand begint te wachten").check()
    page.keyboard.press("Escape")
    expect(page).to_have_title(re.compile(r"^\(\d+\) Wegwijs"))
    before = page.evaluate("window.sounds")
    waiting_resident(resident, page)
    page.wait_for_function("before => window.sounds > before", arg=before)
    page.reload()
    expect(page).to_have_title(re.compile(r"^\(\d+\) Wegwijs"))


def count_sounds(page: Page) -> None:
    page.add_init_script("""
        window.sounds = 0
        window.OscillatorNode = class extends OscillatorNode { start(at) { window.sounds += 1; super.start(at) } }
    """)


def test_a11y14_shortcuts_work_and_can_be_switched_off(console, resident):
    """WCAG 2.1.4: each has a modifier, and one switch turns all of them off, also after a reload."""
    page = console("Anja")
    _, words = waiting_resident(resident, page)
    page.keyboard.press("Alt+KeyW")
    expect(page.locator("conversation-list[kind=waiting] .choose").first).to_be_focused()
    row(page, words).locator(".choose").press("Enter")
    page.keyboard.press("Alt+KeyO")
    expect(page.get_by_label("Uw antwoord aan de inwoner")).to_be_focused()
    page.keyboard.press("Alt+KeyH")
    page.get_by_label("Sneltoetsen gebruiken").press("Space")
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+KeyH")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("heading", name="Wachtend")).to_be_visible()
    page.keyboard.press("Alt+KeyH")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_sec17_two_consoles_see_each_others_claim_live(console, resident):
    """SEC-17: the row goes from the other desk, and who had it open reads who took it."""
    anja, bram = console("Anja"), console("Bram")
    _, words = waiting_resident(resident, anja)
    expect(row(bram, words)).to_be_visible()
    row(bram, words).locator(".choose").click()
    row(anja, words).get_by_role("button", name="Oppakken").click()
    expect(chosen(anja, "mine")).to_be_visible()
    expect(row(bram, words)).to_have_count(0)
    expect(bram.locator(".talk-state")).to_contain_text(f"Opgepakt door {anja.staff_name}")
    expect(action(bram, "Oppakken")).to_be_hidden()


def test_sec17_a_claim_that_comes_too_late_names_who_was_first(console, resident):
    anja, bram = console("Anja"), console("Bram", wire=True)
    _, words = waiting_resident(resident, anja)
    expect(row(bram, words)).to_be_visible()
    bram.wire.hold = lambda frame: frame["type"] == "conversation"
    row(anja, words).get_by_role("button", name="Oppakken").click()
    expect(chosen(anja, "mine")).to_be_visible()
    row(bram, words).get_by_role("button", name="Oppakken").click()
    expect(bram.get_by_text(f"Al opgepakt door {anja.staff_name}.")).to_be_visible()


def test_bot8_a_transfer_to_a_colleague_goes_with_its_story(console, resident):
    """BOT-8: the reason is an internal note; the colleague hears that there is a new conversation."""
    anja, bram = console("Anja"), console("Bram")
    fatma, words = claimed(resident, anja)
    action(anja, "Doorzetten").click()
    dialog = anja.get_by_role("dialog", name="Gesprek doorzetten")
    dialog.get_by_label("Een collega").check()
    dialog.get_by_label("Collega", exact=True).select_option(bram.staff_name)
    dialog.get_by_label("Waarom zet u het door?").fill("Weet meer van paspoorten.")
    dialog.get_by_role("button", name="Doorzetten").click()
    expect(anja.get_by_text("Het gesprek is doorgezet.")).to_be_visible()
    expect(anja.get_by_role("heading", name="Geen gesprek open")).to_be_visible()
    bram.locator("conversation-list[kind=mine] .choose").click()
    expect(turns(bram, "Weet meer van paspoorten.")).to_contain_text("Interne notitie")
    expect(turns(bram, words)).to_have_count(1)
    reply(bram, "Goedemiddag, met Bram.")
    fatma.hears("Goedemiddag, met Bram.")
    assert fatma.heard("Weet meer van paspoorten.") == 0


def test_bot3_back_to_the_assistant_with_a_last_word(console, resident):
    page = console("Anja")
    fatma, _ = claimed(resident, page)
    action(page, "Terug naar assistent").click()
    dialog = page.get_by_role("dialog", name="Terug naar de assistent")
    dialog.get_by_label("Laatste bericht").fill("De assistent helpt u verder.")
    dialog.get_by_role("button", name="Teruggeven").click()
    expect(page.get_by_text("Het gesprek is terug bij de assistent.")).to_be_visible()
    fatma.hears("De assistent helpt u verder.")
    fatma.is_told("bot")


def test_bot4_typing_is_shown_both_ways(console, resident):
    """BOT-4: a typing sign only while a person types."""
    page = console("Anja")
    fatma, _ = claimed(resident, page)
    fatma.types(True)
    expect(page.get_by_text("De inwoner typt…")).to_be_visible()
    fatma.types(False)
    expect(page.get_by_text("De inwoner typt…")).to_be_hidden()
    page.keyboard.type("Ik zoek het op")
    fatma.sees_typing(True)
    page.keyboard.press("Enter")
    fatma.sees_typing(False)


def test_nfr3_a_reply_whose_ack_was_lost_is_sent_again_and_stored_once(console, resident):
    """NFR-3: the same id after the reconnect, one turn here and one at the resident's."""
    page = console("Anja", wire=True)
    fatma, _ = claimed(resident, page)
    page.wire.hold = lambda frame: frame["type"] in ("ack", "turn", "conversation")
    reply(page, "Uw paspoort ligt klaar.")
    fatma.hears("Uw paspoort ligt klaar.")
    expect(page.locator(".pending")).to_contain_text("Uw paspoort ligt klaar.")
    page.wire.cut()
    fatma.says("Dank u wel!")
    expect(turns(page, "Dank u wel!")).to_have_count(1)
    expect(turns(page, "Uw paspoort ligt klaar.")).to_have_count(1)
    expect(page.locator(".pending")).to_be_hidden()
    reply(page, "Graag gedaan.")
    expect(turns(page, "Graag gedaan.")).to_have_count(1)
    fatma.hears("Graag gedaan.")
    assert fatma.heard("Uw paspoort ligt klaar.") == 1
    sent = [frame["id"] for frame in page.wire.sent if frame.get("text") == "Uw paspoort ligt klaar."]
    assert len(sent) == 2
    assert len(set(sent)) == 1
    again = [frame for frame in page.wire.sent if frame["type"] == "open"][-1]
    assert again["after"] > 0


def test_nfr3_what_was_typed_without_a_line_is_sent_when_it_is_back(console, resident):
    page = console("Anja", wire=True)
    fatma, _ = claimed(resident, page)
    page.wire.hold = lambda frame: True
    page.wire.cut()
    reply(page, "Dit typte ik zonder verbinding.")
    expect(turns(page, "Dit typte ik zonder verbinding.")).to_have_count(1)
    fatma.hears("Dit typte ik zonder verbinding.")


def test_sec8_a11y11_a_session_that_ends_keeps_the_unsent_text(console, resident, stack):
    """SEC-8, A11Y-11: logged out elsewhere; after the next log-in the same conversation and the same text are there."""
    page = console("Anja")
    claimed(resident, page)
    page.keyboard.type("Half getypt antw")
    ended = page.request.post(f"{stack.url}/console/logout", data={}, headers={"Origin": stack.url})
    assert ended.status == 204
    expect(page.get_by_text("Uw sessie is afgelopen.")).to_be_visible()
    log_in(page, page.staff_name, page.password)
    expect(page.get_by_label("Uw antwoord aan de inwoner")).to_have_value("Half getypt antw")


def test_a11y1_a11y4_new_turns_are_announced_politely_and_never_take_the_focus(console, resident):
    """A11Y-1, A11Y-2, A11Y-4: history comes silently, then one announcement a turn; focus and text stay."""
    page = console("Anja")
    fatma, words = waiting_resident(resident, page)
    row(page, words).locator(".choose").click()
    log = page.get_by_role("log")
    assert log.get_attribute("aria-label").startswith("Gesprek over")
    expect(log).to_have_attribute("aria-live", "polite")
    action(page, "Oppakken").click()
    area = page.get_by_label("Uw antwoord aan de inwoner")
    expect(area).to_be_focused()
    page.keyboard.type("Ik typ ")
    fatma.says("Bent u er nog?")
    expect(turns(page, "Bent u er nog?")).to_have_count(1)
    expect(area).to_be_focused()
    page.keyboard.type("verder")
    expect(area).to_have_value("Ik typ verder")
    assert page.get_by_role("log").count() == 1


def test_a11y1_somebody_new_in_the_queue_is_one_short_status(console, resident):
    page = console("Anja")
    waiting_resident(resident, page)
    expect(page.locator(".said[role=status]")).to_have_text(re.compile(r"Er wacht(en)? nu \d+ inwoners?\."))
    assert page.evaluate("document.activeElement.tagName") == "H1"


def test_a11y1_the_outcome_of_what_one_did_is_not_swept_away_by_news_of_the_lists(console, resident):
    """A11Y-1: "passed on" went unread, and unheard, when somebody came to wait in the same second."""
    page = console("Anja")
    said = page.locator(".said[role=status]")
    said.evaluate("""region => {
        window.said = []
        new MutationObserver(() => window.said.push([performance.now(), region.textContent])).observe(region, { childList: true })
    }""")
    page.get_by_label("Even weg").check()
    page.get_by_label("Beschikbaar").check()
    outcome = said.text_content()
    waiting_resident(resident, page)
    expect(said).to_have_text(re.compile(r"Er wacht(en)? nu"))
    told = page.evaluate("window.said")
    at = max(n for n, (_, text) in enumerate(told) if text == outcome)
    assert "Er wacht" in told[at + 1][1]
    assert told[at + 1][0] - told[at][0] > 4900


@pytest.mark.parametrize(("width", "height"), [(320, 256), (320, 640), (1024, 768)])
def test_a11y6_a11y7_reflow_and_target_sizes(console, resident, width, height):
    """A11Y-6, A11Y-7: nothing scrolls sideways, every target is at least 24 px and buttons are 44 px high."""
    page = console("Anja", viewport={"width": width, "height": height})
    claimed(resident, page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_label("Uw antwoord aan de inwoner").scroll_into_view_if_needed()
    small = page.evaluate("""() => [...document.querySelectorAll("button, select, textarea, summary, input")]
        .map((node) => node.labels?.length && /radio/.test(node.type) ? node.labels[0] : node)
        .filter((node) => node.checkVisibility())
        .map((node) => [node.textContent, node.getBoundingClientRect()])
        .filter(([, box]) => box.width < 24 || box.height < 43.5).map(([text, box]) => [text, box.width, box.height])""")
    assert small == []


def test_lang6_the_console_speaks_english_too_and_remembers_it(console):
    page = console("Anja")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="My conversations")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("button", name="Nederlands")).to_be_focused()
    page.reload()
    expect(page.get_by_role("heading", name="My conversations")).to_be_visible()
    assert_accessible(page, "english")
