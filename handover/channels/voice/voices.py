"""Which voice speaks which language, as far as the gateway's own settings do not say it already."""

from typing import NamedTuple

LOCALES = {"nl": "nl-NL", "en": "en-GB"}


class Voice(NamedTuple):
    vendor: str | None
    name: str


class Voices(NamedTuple):
    """`marks`: whether the voices understand SSML. `nl`, `en`: `<vendor>:<name>` or `<name>`; None: the gateway's own."""

    marks: bool = True
    nl: str | None = None
    en: str | None = None

    def voice(self, language: str) -> Voice | None:
        given = self.en if language == "en" else self.nl
        if not given:
            return None
        vendor, colon, name = given.partition(":")
        return Voice(vendor, name) if colon else Voice(None, given)

    def locale(self, language: str) -> str:
        return LOCALES.get(language, LOCALES["nl"])
