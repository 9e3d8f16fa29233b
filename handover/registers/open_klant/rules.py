"""The municipality's choices on Open Klant: `open_klant` in its file."""

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from typing import Any, Literal

from handover.content.facts import Facts
from handover.content.files import ContentError, Mapping

KEYS = ("anonymous", "register", "assistant", "channels", "departments")
ANONYMOUS = ("none", "minimal", "full")


@dataclass(frozen=True)
class Rules:
    anonymous: Literal["none", "minimal", "full"] = "minimal"  # what is sent of somebody who is not known, without follow-up
    register: str = "wegwijs"  # codeRegister of what is ours
    assistant: str = "wegwijs"  # objectId of the assistant's actor
    assistant_name: str = "Digitale assistent"
    channels: AnyMapping[str, str] = field(default_factory=dict)  # our channel → kanaal
    departments: AnyMapping[str, str] = field(default_factory=dict)  # team → objectId of its afdeling
    team_names: AnyMapping[str, str] = field(default_factory=dict)


def read_rules(facts: Facts) -> Rules:
    """Without the key the defaults. Raises ContentError."""
    try:
        given = facts["open_klant"]
    except KeyError:
        given = Mapping()
    if not isinstance(given, Mapping):
        raise ContentError(facts.path, None, f"open_klant should have keys of its own: {', '.join(KEYS)}")
    for key in given:
        if key not in KEYS:
            raise _wrong(facts, given, key, f"'{key}' should be one of {', '.join(KEYS)}")
    anonymous = given.get("anonymous", "minimal")
    if anonymous not in ANONYMOUS:
        raise _wrong(facts, given, "anonymous", f"anonymous: '{anonymous}' should be one of {', '.join(ANONYMOUS)}")
    for key in ("register", "assistant"):
        if not _is_name(given.get(key, "wegwijs"), 100):
            raise _wrong(facts, given, key, f"{key} should be a name of at most 100 characters")
    for key, longest in (("channels", 50), ("departments", 200)):
        found = given.get(key, {})
        if not isinstance(found, dict) or not all(_is_name(name, longest) for name in found.values()):
            raise _wrong(
                facts,
                given,
                key,
                f"{key} should be ours and what Open Klant calls it, like {{web: Live chat}}; {longest} characters at most",
            )
    return Rules(
        anonymous=anonymous, register=given.get("register", "wegwijs"), assistant=given.get("assistant", "wegwijs"),
        assistant_name=facts.value("assistant", "nl"), channels=dict(given.get("channels", {})),
        departments=dict(given.get("departments", {})), team_names={team.id: team.name for team in facts.teams},
    )  # fmt: skip


def _is_name(value: Any, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= longest


def _wrong(facts: Facts, given: Mapping, key: str, what: str) -> ContentError:
    return ContentError(facts.path, given.lines.get(key), what)
