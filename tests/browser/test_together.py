"""A resident and a colleague talk to each other, each in a real page of their own, through the running service."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.stack.running import ROOT, Stack

PICTURES = ROOT / "docs" / "images"


class Resident:
    """Fatma, on the municipality's page."""

    def __init__(self, page: Page, stack: Stack) -> None:
        self.page = page
        page.goto(stack.url)
        page.get_by_role("button", name=re.compile("Stel uw vraag")).click()
        expect(self.turns.first).to_contain_text("digitale assistent")

    @property
    def turns(self):
        return self.page.get_by_role("log").locator("wegwijs-turn")  # choices are list items, too

    def says(self, text: str) -> None:
        box = self.page.get_by_role("textbox")
        box.fill(text)
        box.press("Enter")

    def sees(self, text: str) -> None:
        expect(self.turns.filter(has_text=text).last).to_be_visible()


class Colleague:
    """Anja, at her desk."""

    def __init__(self, page: Page, stack: Stack, name: str = "Anja") -> None:
        self.page, self.name = page, name
        name, password = stack.staff(name)
        page.goto(f"{stack.url}/console")
        page.get_by_label("Naam").fill(name)
        page.get_by_label("Wachtwoord", exact=True).fill(password)
        page.get_by_role("button", name="Inloggen").click()
        expect(page.locator("staff-desk[data-presence=available]")).to_be_attached()

    def claims(self, words: str) -> None:
        self.page.get_by_role("listitem").filter(has_text=words).get_by_role("button", name="Oppakken").click()
        expect(self.page.get_by_label("Uw antwoord aan de inwoner")).to_be_focused()

    def says(self, text: str) -> None:
        box = self.page.get_by_label("Uw antwoord aan de inwoner")
        box.fill(text)
        box.press("Enter")

    def sees(self, text: str) -> None:
        expect(self.page.get_by_role("log").locator(".turn").filter(has_text=text).last).to_be_visible()

    def goes(self) -> None:
        self.page.get_by_role("button", name="Uitloggen").click()
        expect(self.page.get_by_text("U bent uitgelogd.")).to_be_visible()


@pytest.fixture
def both(stack: Stack, new_page: Callable[..., Page]) -> tuple[Resident, Colleague]:
    anja = Colleague(new_page(viewport={"width": 1440, "height": 900}), stack)
    return Resident(new_page(viewport={"width": 1200, "height": 800}), stack), anja


def test_nobody_tells_anything_twice(both: tuple[Resident, Colleague], pytestconfig: pytest.Config) -> None:
    """BOT-3, BOT-8: from the first question to the wrap-up, and the colleague has the whole story in view."""
    fatma, anja = both
    fatma.says("Wat kost een paspoort voor mijn dochter van 12?")
    fatma.sees("Een paspoort kost")
    fatma.page.get_by_role("button", name=re.compile("Medewerker spreken")).first.click()
    fatma.sees("Wij zoeken een medewerker voor u")
    anja.claims("paspoort voor mijn dochter")
    expect(anja.page.get_by_text("Paspoort", exact=False).first).to_be_visible()
    anja.sees("Een paspoort kost")
    fatma.sees("neemt het gesprek over")
    anja.says("Goedemiddag! Voor uw dochter geldt het lagere tarief.")
    fatma.sees("Voor uw dochter geldt het lagere tarief.")
    fatma.says("Dank u wel, dan maak ik een afspraak.")
    anja.sees("dan maak ik een afspraak")
    if pytestconfig.getoption("--pictures"):
        PICTURES.mkdir(exist_ok=True)
        fatma.page.screenshot(path=PICTURES / "widget.png")
        anja.page.screenshot(path=PICTURES / "console.png")

    anja.page.get_by_role("group", name="Acties bij dit gesprek").get_by_role("button", name="Afronden").click()
    dialog = anja.page.get_by_role("dialog", name="Gesprek afronden")
    dialog.get_by_label("Opgelost").check()
    dialog.get_by_label("Samenvatting").fill("Tarief voor een kind uitgelegd.")
    dialog.get_by_role("button", name="Afronden").click()
    fatma.sees("Uw kenmerk is")
    anja.goes()


def test_a_reload_on_both_sides_loses_nothing(both: tuple[Resident, Colleague]) -> None:
    """NFR-3: in the middle of a talk both pages are loaded anew."""
    fatma, anja = both
    fatma.says("Hoe laat gaat het gemeentehuis open?")
    expect(fatma.turns).to_have_count(3)
    fatma.page.get_by_role("button", name=re.compile("Medewerker spreken")).first.click()
    anja.claims("Hoe laat gaat")
    anja.says("Met Anja, goedemiddag.")
    fatma.sees("Met Anja, goedemiddag.")
    before = fatma.turns.count()
    fatma.page.reload()
    fatma.page.get_by_role("button", name=re.compile("Stel uw vraag|vraag")).first.click()
    expect(fatma.turns).to_have_count(before)
    fatma.says("Ik ben er weer.")
    anja.sees("Ik ben er weer.")
    anja.page.reload()
    expect(anja.page.locator("staff-desk[data-presence=available]")).to_be_attached()
    anja.page.get_by_role("listitem").filter(has_text="Ik ben er weer.").first.click()
    anja.sees("Ik ben er weer.")
    anja.says("Ik ook.")
    fatma.sees("Ik ook.")
    texts = [text for text in fatma.turns.all_inner_texts() if "Ik ook." in text or "Ik ben er weer." in text]
    assert len(texts) == 2
    anja.goes()


def test_the_bot_is_silent_while_a_colleague_has_it_and_knows_what_was_agreed(both: tuple[Resident, Colleague]) -> None:
    """BOT-3: the label says who speaks, also when the assistant takes over again."""
    fatma, anja = both
    fatma.says("Hoe vraag ik een parkeervergunning aan?")
    expect(fatma.turns).to_have_count(3)
    fatma.page.get_by_role("button", name=re.compile("Medewerker spreken")).first.click()
    anja.claims("parkeervergunning")
    fatma.says("Wat kost een rijbewijs?")
    anja.sees("Wat kost een rijbewijs?")
    anja.page.get_by_role("group", name="Acties bij dit gesprek").get_by_role("button", name="Terug naar assistent").click()
    dialog = anja.page.get_by_role("dialog", name="Terug naar de assistent")
    dialog.get_by_label("Laatste bericht").fill("Ik bel u morgen om tien uur.")
    dialog.get_by_role("button", name="Teruggeven").click()
    fatma.sees("U praat weer met de digitale assistent")
    fatma.says("Wat zei uw collega?")
    expect(fatma.turns.last).to_contain_text("Ik bel u morgen om tien uur.")
    expect(fatma.turns.last).to_contain_text("Digitale assistent")
    assert not [text for text in fatma.turns.all_inner_texts() if "rijbewijs kost" in text]
    anja.goes()
