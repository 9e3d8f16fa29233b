"""The page on one's own contacts, in a real browser: accessibility, keyboard, and what stays of the token (PRV-6, SEC-6)."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_widget import violations
from tests.stack.people import resident
from tests.stack.running import Stack

NewPage = Callable[..., Page]


def outside[T](work: Any) -> Any:
    """Runs it in a thread: Playwright has an event loop of its own in this one."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(work)))
    thread.start()
    thread.join(60)
    return found[0]


async def conversation(stack: Stack, *said: str, close: bool = True) -> str:
    """Its secret."""
    fatma = await resident(stack)
    for text in said:
        await fatma.asks(text)
    if close:
        await fatma.do(type="close")
    await fatma.close()
    return fatma.token


@pytest.fixture
def page(new_page: NewPage) -> Page:
    opened = new_page()
    opened.on("pageerror", lambda error: pytest.fail(str(error)))
    return opened


def opens(page: Page, stack: Stack, fragment: str = "") -> None:
    page.goto(f"{stack.url}/mine{fragment}")


@pytest.mark.parametrize("size", [(1280, 800), (320, 640)], ids=["wide", "phone"])
def test_it_is_read_and_erased_with_the_keyboard_and_passes_axe(page: Page, stack: Stack, size: tuple[int, int]) -> None:
    """WCAG 2.2 AA in each state that the page has."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    token = outside(conversation(stack, "Wat kost een paspoort?"))
    opens(page, stack, f"#chat={token}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Mijn contacten met de gemeente")
    expect(page.get_by_role("article")).to_have_count(1)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Lees het gesprek").press("Enter")
    turns = page.get_by_role("list", name="Lees het gesprek")
    expect(turns).to_be_focused()
    expect(turns).to_contain_text("Wat kost een paspoort?")
    assert violations(page) == []
    page.get_by_role("button", name="Verwijder dit gesprek").press("Enter")
    expect(page.get_by_role("button", name="Nee, bewaren")).to_be_focused()
    assert violations(page) == []
    page.get_by_role("button", name="Nee, bewaren").press("Enter")
    expect(page.get_by_role("button", name="Verwijder dit gesprek")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Ja, verwijderen").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Het gesprek is verwijderd.")
    expect(page.get_by_text("Wij bewaren geen gesprekken van u.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert violations(page) == []


def test_the_token_leaves_the_address_and_the_tab_remembers_it(page: Page, stack: Stack) -> None:
    """SEC-6: not in the address, not in what is asked, not for the next one at this computer."""
    token = outside(conversation(stack, "Wat kost een paspoort?"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    opens(page, stack, f"#chat={token}")
    expect(page.get_by_role("article")).to_have_count(1)
    assert page.url == f"{stack.url}/mine"
    assert not [url for url in asked if token in url.split("#")[0]]
    page.reload()
    expect(page.get_by_role("article")).to_have_count(1)
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]


def test_it_is_downloaded_as_text_and_as_data(page: Page, stack: Stack, tmp_path: Path) -> None:
    token = outside(conversation(stack, "Wat kost een paspoort?"))
    opens(page, stack, f"#chat={token}")
    for button, name in (
        ("Bewaar alles als tekst", "mijn-contacten.txt"),
        ("Bewaar alles als gegevensbestand (JSON)", "mijn-contacten.json"),
    ):
        with page.expect_download() as saving:
            page.get_by_role("button", name=button).click()
        assert saving.value.suggested_filename == name
        saving.value.save_as(tmp_path / name)
        assert "Wat kost een paspoort?" in (tmp_path / name).read_text()
    expect(page.get_by_role("status")).to_have_text("Het bestand staat bij uw downloads.")


def test_a_number_is_corrected_and_what_must_stay_says_why(page: Page, stack: Stack) -> None:
    token = outside(conversation(stack, "Ik wil teruggebeld worden", "0612345678"))
    opens(page, stack, f"#chat={token}")
    expect(page.get_by_text("Wij bellen u hierover nog terug.")).to_be_visible()
    expect(page.get_by_role("button", name="Verwijder dit gesprek")).to_have_count(0)
    page.get_by_role("button", name=re.compile("Verander Telefoonnummer")).press("Enter")
    field = page.get_by_label("Wat moet het zijn?")
    expect(field).to_be_focused()
    assert violations(page) == []
    field.fill("123")
    field.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Dit kan niet kloppen")).to_be_visible()
    field.fill("06 87654321")
    field.press("Enter")
    expect(page.get_by_text("Telefoonnummer: +31687654321")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("Wij hebben het veranderd.")
    assert violations(page) == []


@pytest.mark.parametrize(
    ("fragment", "told"),
    [
        ("", "Wij weten niet wie u bent"),
        ("#chat=nonsense", "U bent te lang weg geweest"),
        ("#identity=a.b.c", "U bent te lang weg geweest"),
    ],
)
def test_who_may_not_see_it_is_told_what_to_do(page: Page, stack: Stack, fragment: str, told: str) -> None:
    opens(page, stack, fragment)
    expect(page.get_by_role("alert")).to_contain_text(told)
    assert violations(page) == []
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", level=1)).to_have_text("My contacts with the municipality")


def test_the_chat_leads_to_it(page: Page, stack: Stack) -> None:
    """From the notice in the widget, with the secret of this very conversation."""
    page.goto(stack.url)
    page.get_by_role("button", name=re.compile("Stel uw vraag")).click()
    box = page.get_by_role("textbox")
    box.fill("Wat kost een paspoort?")
    box.press("Enter")
    expect(page.get_by_role("log").locator("wegwijs-turn").nth(2)).to_be_visible()
    with page.context.expect_page() as opening:
        page.get_by_role("link", name=re.compile("Bekijk of verwijder wat wij bewaren")).click()
    opened = opening.value
    expect(opened.get_by_role("article")).to_have_count(1)
    opened.get_by_role("button", name="Lees het gesprek").click()
    expect(opened.get_by_role("list", name="Lees het gesprek")).to_contain_text("Wat kost een paspoort?")
