"""A caller goes on in the widget, a resident by telephone, and a colleague's screen opens the caller: real pages, a real call.

The bot is not waited for: nothing here asks it anything.
"""

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from handover.telephone import JambonzLine
from tests.browser.test_console import AXE
from tests.browser.test_together import Colleague
from tests.stack.running import Stack

USER, PASSWORD = "gateway", "correct-paard"


class Caller:
    """A call, on an event loop of its own: Playwright has this thread's."""

    def __init__(self, stack: Stack) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.line = JambonzLine(stack.url, USER, PASSWORD)
        self.does(self.line.start())

    def does(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(30)

    def goes(self) -> None:
        self.does(self.line.close())
        self._loop.call_soon_threadsafe(self._loop.stop)


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service with a telephone gateway."""
    made = Stack(tmp_path_factory.mktemp("calls"), WEGWIJS_JAMBONZ_USER=USER, WEGWIJS_JAMBONZ_PASSWORD=PASSWORD)
    try:
        yield made.start(wait_for_bot=False)
    finally:
        made.close()


@pytest.fixture
def caller(connected: Stack) -> Iterator[Caller]:
    made = Caller(connected)
    yield made
    made.goes()


def chat(page: Page, url: str) -> Page:
    page.goto(url)
    page.get_by_role("button", name=re.compile("Stel uw vraag")).click()
    expect(page.get_by_role("log").locator("wegwijs-turn").first).to_contain_text("digitale assistent")
    return page


def axe(page: Page) -> list[str]:
    found = Axe().run(page, options=AXE).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


def test_a_call_goes_on_in_the_widget(connected: Stack, caller: Caller, new_page: Callable[..., Page]) -> None:
    heard = caller.does(caller.line.say("ik wil chatten"))
    code = re.sub(r"\D", "", re.search(r"Uw code is ([\d ,]+)\.", heard.text)[1])
    page = chat(new_page(), connected.url)
    page.get_by_role("button", name="Telefoongesprek").click()
    field = page.get_by_label("Code van acht cijfers")
    expect(field).to_be_focused()
    assert axe(page) == []
    field.fill("00000000")
    field.press("Enter")
    expect(page.get_by_text("Deze code klopt niet, of is te oud.")).to_be_visible()
    field.fill(" ".join([code[:4], code[4:]]))
    page.get_by_role("button", name="Verder in de chat").click()
    turns = page.get_by_role("log").locator("wegwijs-turn")
    expect(turns.filter(has_text="ik wil chatten")).to_be_visible()
    expect(turns.filter(has_text="U spreekt met de digitale assistent")).to_have_count(1)
    expect(field).to_have_count(0)
    caller.does(caller.line.hang_up())
    expect(turns.filter(has_text="U kunt hier verder typen")).to_be_visible()


def test_a_link_of_a_colleague_opens_the_chat_with_the_call(connected: Stack, caller: Caller, new_page: Callable[..., Page]) -> None:
    anja = Colleague(new_page(viewport={"width": 1440, "height": 900}), connected)
    transfer = caller.does(caller.line.press("0")).transfer
    anja.page.get_by_label("Wie belt er?").fill("0612345678")
    assert axe(anja.page) == []
    anja.page.get_by_role("button", name="Zoek").click()
    anja.sees("Ik verbind u door")
    expect(anja.page.get_by_text("Belt met:")).to_be_visible()
    anja.page.get_by_role("button", name="Code voor de chat").click()
    dialog = anja.page.get_by_role("dialog")
    link = dialog.locator("code").inner_text()
    assert axe(anja.page) == []
    dialog.get_by_role("button", name="Sluiten").click()

    page = new_page()
    page.goto(link)
    expect(page.get_by_role("log").locator("wegwijs-turn").filter(has_text="Ik verbind u door")).to_be_visible()
    assert page.url == f"{connected.url}/", "the code is not left in the address"

    other = new_page(viewport={"width": 1440, "height": 900})
    Colleague(other, connected, "Bram")
    other.goto(f"{connected.url}/console/handovers/{transfer['headers']['X-Wegwijs-Handover']}")
    expect(other.get_by_role("log").locator(".turn").filter(has_text="Ik verbind u door").last).to_be_visible()
    assert other.url == f"{connected.url}/console"
    anja.goes()


def test_a_chat_shows_how_it_goes_on_by_telephone(connected: Stack, caller: Caller, new_page: Callable[..., Page]) -> None:
    page = chat(new_page(), connected.url)
    page.get_by_role("button", name="Verder bellen").click()
    words = page.get_by_text("Dan gaat het gesprek aan de telefoon verder")
    expect(words).to_be_visible()
    assert axe(page) == []
    code = re.sub(r"\D", "", re.search(r"deze code: ([\d ]+)\.", words.inner_text())[1])
    caller.does(caller.line.press("1"))
    heard = caller.does(caller.line.press(code))
    assert heard.text.startswith("Ik zie uw gesprek uit de chat.")
    expect(page.get_by_role("log").locator("wegwijs-turn").filter(has_text="Ik zie uw gesprek uit de chat")).to_be_visible()
