"""Reading a request: query parameters and bodies by what is declared of them. Everything that is wrong is told at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from handover.channels.api.problems import Problem, Wrong

PAGE_SIZE, PAGE_SIZE_AT_MOST, PAGE_AT_MOST = 100, 500, 1_000_000
TEXT_AT_MOST = 200  # characters of one parameter
INTEGER = re.compile(r"[0-9]{1,9}")
RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class _No(ValueError):
    """It is not what it should be."""


def _uuid(text: str) -> UUID:
    if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
        raise _No("Voer een geldig UUID in.")
    return UUID(text)


def _url(text: str) -> UUID:
    """Of a resource of ours: what counts is the UUID at its end."""
    try:
        return _uuid(urlsplit(text).path.rstrip("/").rpartition("/")[2])
    except ValueError:
        raise _No("Voer een geldige URL van een resource in.") from None


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise _No("Voer true of false in.")
    return text == "true"


def _moment(text: str) -> datetime:
    try:
        if not RFC3339.fullmatch(text):
            raise ValueError
        return datetime.fromisoformat(text.upper())
    except ValueError:
        raise _No("Voer een datum en tijd in als 2026-11-24T09:00:00Z.") from None


def _day(text: str) -> date:
    try:
        if not DAY.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise _No("Voer een datum in als 2026-11-24.") from None


def _text(text: str) -> str:
    if "\0" in text or len(text) > TEXT_AT_MOST:
        raise _No(f"Voer ten hoogste {TEXT_AT_MOST} tekens in, zonder NUL.")
    return text


_READ: dict[str, Callable[[str], Any]] = {
    "string": _text,
    "uuid": _uuid,
    "uri": _url,
    "boolean": _boolean,
    "date-time": _moment,
    "date": _day,
}


@dataclass(frozen=True)
class Parameter:
    """`kind`: string, uuid, uri, boolean, date-time or date. `among`: the values that it may have."""

    kind: str = "string"
    among: tuple[str, ...] = ()
    description: str = ""

    def read(self, text: str) -> Any:
        if self.among and text not in self.among:
            raise _No(f"Kies uit {', '.join(self.among)}.")
        return _READ[self.kind](text)

    def schema(self) -> dict[str, Any]:
        found: dict[str, Any] = {"type": "boolean" if self.kind == "boolean" else "string"}
        if self.kind in ("uuid", "uri", "date-time", "date"):
            found["format"] = self.kind
        if self.kind == "string" and not self.among:
            found["maxLength"] = TEXT_AT_MOST
        return found | ({"enum": list(self.among)} if self.among else {})


@dataclass(frozen=True)
class Query:
    """What a list was asked for."""

    values: dict[str, Any]
    expand: frozenset[str]
    page: int
    size: int


def read_query(given: Mapping[str, list[str]], parameters: Mapping[str, Parameter], expandable: tuple[str, ...], *, paged: bool) -> Query:
    """Raises Problem. A parameter twice: the last one counts."""
    wrong: list[Wrong] = []
    values: dict[str, Any] = {}
    numbers = {"page": 1, "pageSize": PAGE_SIZE}
    expand: frozenset[str] = frozenset()
    unknown = []
    for name, texts in given.items():
        text = texts[-1]
        if name == "expand" and expandable:
            asked = [part.strip() for part in text.split(",") if part.strip()]
            wrong += [
                Wrong("expand", "invalid_choice", f"'{part[:100]}' kan niet worden uitgebreid.") for part in asked if part not in expandable
            ]
            expand = frozenset(asked)
        elif name in numbers and paged:
            most = PAGE_AT_MOST if name == "page" else PAGE_SIZE_AT_MOST
            if not INTEGER.fullmatch(text) or not 1 <= int(text) <= most:
                wrong.append(Wrong(name, "invalid", f"Voer een geheel getal van 1 tot en met {most} in."))
            else:
                numbers[name] = int(text)
        elif name in parameters:
            try:
                values[name] = parameters[name].read(text)
            except _No as error:
                wrong.append(Wrong(name, "invalid_choice" if parameters[name].among else "invalid", str(error)))
        else:
            unknown.append(name)
    wrong += [Wrong(name[:100], "unknown-parameters", "Deze parameter is onbekend.") for name in unknown]
    if wrong:
        raise Problem(400, "unknown-parameters" if unknown and len(unknown) == len(wrong) else "", "invalid", wrong)
    return Query(values, expand, numbers["page"], numbers["pageSize"])


# Bodies


@dataclass(frozen=True)
class Field:
    """One field of a body. `kind`: string, boolean, date-time, uuid, object and list of objects (`fields`), strings (an object of them)."""

    kind: str = "string"
    at_most: int | None = None
    required: bool = False
    nullable: bool = False
    among: tuple[str, ...] = ()
    pattern: str | None = None
    fields: Mapping[str, "Field"] | None = None
    read_only: bool = False

    def schema(self) -> dict[str, Any]:
        if self.kind in ("object", "list"):
            found = object_schema(self.fields or {})
            found = {"type": "array", "items": found, "maxItems": 20} if self.kind == "list" else found
        elif self.kind == "strings":
            found = {"type": "object", "additionalProperties": {"type": "string", "maxLength": self.at_most}}
        else:
            found = {"type": "boolean" if self.kind == "boolean" else "string"}
            found |= {"format": self.kind} if self.kind in ("date-time", "uuid") else {}
            found |= {"maxLength": self.at_most} if self.at_most else {}
            found |= {"minLength": 1} if self.required and self.kind == "string" else {}
            found |= {"pattern": f"^{self.pattern}$"} if self.pattern else {}
            found |= {"enum": list(self.among)} if self.among else {}
        return found | ({"nullable": True} if self.nullable else {})


def object_schema(fields: Mapping[str, Field]) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "properties": {name: field.schema() for name, field in fields.items()}}
    required = [name for name, field in fields.items() if field.required]
    return found | ({"required": required} if required else {})


def read_body(given: Any, fields: Mapping[str, Field]) -> dict[str, Any]:
    """The declared fields that are there; unknown ones are ignored. Raises Problem with everything that is wrong."""
    wrong: list[Wrong] = []
    found = _object(given, fields, "", wrong)
    if wrong:
        raise Problem(400, "", "invalid", wrong)
    return found


def _object(given: Any, fields: Mapping[str, Field], path: str, wrong: list[Wrong]) -> dict[str, Any]:
    if not isinstance(given, dict):
        wrong.append(Wrong(path.rstrip(".") or "nonFieldErrors", "invalid", "Voer een object in."))
        return {}
    found = {}
    for name, field in fields.items():
        if name not in given:
            if field.required:
                wrong.append(Wrong(path + name, "required", "Dit veld is vereist."))
            continue
        value = _value(given[name], field, path + name, wrong)
        if value is not None:
            found[name] = value
    return found


def _value(given: Any, field: Field, path: str, wrong: list[Wrong]) -> Any:
    if given is None:
        if not field.nullable:
            wrong.append(Wrong(path, "null", "Dit veld mag niet leeg zijn."))
        return None
    if field.kind == "object":
        return _object(given, field.fields or {}, f"{path}.", wrong)
    if field.kind == "list":
        if not isinstance(given, list) or len(given) > 20:
            wrong.append(Wrong(path, "invalid", "Voer een lijst van ten hoogste 20 in."))
            return None
        return [_object(item, field.fields or {}, f"{path}.{number}.", wrong) for number, item in enumerate(given)]
    if field.kind == "strings":
        if not isinstance(given, dict) or not all(isinstance(one, str) and len(one) <= (field.at_most or 0) for one in given.values()):
            wrong.append(Wrong(path, "invalid", f"Voer een object van teksten van ten hoogste {field.at_most} tekens in."))
            return None
        return {name: one for name, one in given.items() if "\0" not in name + one}
    if field.kind == "boolean":
        if not isinstance(given, bool):
            wrong.append(Wrong(path, "invalid", "Voer true of false in."))
            return None
        return given
    return _string(given, field, path, wrong)


def _string(given: Any, field: Field, path: str, wrong: list[Wrong]) -> Any:
    if not isinstance(given, str):
        wrong.append(Wrong(path, "invalid", "Voer een tekst in."))
    elif "\0" in given or any("\ud800" <= char <= "\udfff" for char in given):
        wrong.append(Wrong(path, "null_characters_not_allowed", "Dit teken is niet toegestaan."))
    elif field.at_most and len(given) > field.at_most:
        wrong.append(Wrong(path, "max_length", f"Voer ten hoogste {field.at_most} tekens in."))
    elif field.required and not given.strip():
        wrong.append(Wrong(path, "blank", "Dit veld mag niet leeg zijn."))
    elif field.among and given not in field.among:
        wrong.append(Wrong(path, "invalid_choice", f"Kies uit {', '.join(field.among)}."))
    elif field.pattern and not re.fullmatch(field.pattern, given):
        wrong.append(Wrong(path, "invalid", "Dit heeft niet de juiste vorm."))
    elif field.kind in ("date-time", "uuid"):
        try:
            return _READ[field.kind](given)
        except _No as error:
            wrong.append(Wrong(path, "invalid", str(error)))
    else:
        return given
    return None
