"""The APIs of contact moments on a running service: property tests made from the OpenAPI files that it serves (API-3)."""

import json
import os
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, settings
from jsonschema_rs import validator_for
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.stack.people import resident
from tests.stack.running import ROOT, Stack

STANDARD = Path(os.environ.get("WEGWIJS_TEST_STANDARD") or ROOT.parent / "shared" / "standards" / "klantinteracties-openapi.yaml")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance]
FILES = ("klantinteracties/api/v1", "gesprekken/v1")


@pytest.fixture(scope="session")
def token(stack: Stack) -> str:
    scopes = ("klantinteracties:lezen", "klantinteracties:schrijven", "gesprekken:lezen")
    made = stack.command("token", "add", "tests", *(part for scope in scopes for part in ("--scope", scope)))
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def get(stack: Stack, path: str, token: str) -> Any:
    request = urllib.request.Request(f"{stack.url}/{path}", headers={"Authorization": f"Token {token}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def operations(stack: Stack) -> Any:
    for file in FILES:
        schema = schemathesis.openapi.from_url(f"{stack.url}/{file}/openapi.json", config=SchemathesisConfig())
        for found in schema.get_all_operations():
            yield found.ok()


async def test_requests_made_from_our_own_files_get_what_those_files_say(stack: Stack, token: str) -> None:
    """API-3: whatever is asked, valid or not: never a server error, and always a status, type and shape that the file describes."""
    fatma = await resident(stack)
    await fatma.asks("Wat kost een paspoort?")
    await fatma.close()
    tried = []
    for operation in operations(stack):

        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
        @operation_cases(operation)
        def ask(case: Any) -> None:
            case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Token {token}"}, timeout=60)

        ask()
        tried.append(operation.label)
    assert len(tried) == 23, tried


def operation_cases(operation: Any) -> Any:
    from hypothesis import given
    from schemathesis.generation import GenerationMode

    strategies = operation.as_strategy(generation_mode=GenerationMode.POSITIVE) | operation.as_strategy(
        generation_mode=GenerationMode.NEGATIVE
    )
    return given(case=strategies)


def test_what_is_recorded_and_read_is_what_the_standard_says(stack: Stack, token: str) -> None:
    """The published OpenAPI file of Klantinteracties, where it is there: our klantcontact fits its schema (section 6)."""
    if not STANDARD.is_file():
        pytest.skip(f"the standard's own OpenAPI file is not here: {STANDARD.name}")
    schemas = yaml.safe_load(STANDARD.read_text())["components"]["schemas"]
    body = {"kanaal": "Balie", "onderwerp": "Paspoort", "inhoud": "Uitgelegd.", "taal": "nld", "vertrouwelijk": False}
    request = urllib.request.Request(
        f"{stack.url}/klantinteracties/api/v1/klantcontacten", json.dumps(body).encode(),
        {"Authorization": f"Token {token}", "Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 201
    checked = []
    for path, name in (("klantcontacten", "ExpandKlantcontact"), ("betrokkenen", "ExpandBetrokkene"), ("internetaken", "InterneTaak"),
                       ("onderwerpobjecten", "Onderwerpobject"), ("bijlagen", "Bijlage"), ("digitaleadressen", "DigitaalAdres"),
                       ("actoren", "Actor"), ("partijen", "Partij")):  # fmt: skip
        validator = validator_for({"$ref": f"#/components/schemas/{name}", "components": {"schemas": loosened(schemas)}})
        for one in get(stack, f"klantinteracties/api/v1/{path}?pageSize=50", token)["results"]:
            assert [error.message for error in validator.iter_errors(one)] == [], (path, one)
            checked.append(path)
    assert {"klantcontacten", "onderwerpobjecten", "actoren"} <= set(checked)


def loosened(part: Any) -> Any:
    """The overlay that the file needs (contact-history 1.6 and 6): `oneOf` of which several match, patterns and formats of empty texts,
    and `nullable`, which JSON Schema does not know."""
    if isinstance(part, list):
        return [loosened(one) for one in part]
    if not isinstance(part, dict):
        return part
    found = {
        ("anyOf" if key == "oneOf" else key): loosened(value) for key, value in part.items() if key not in ("pattern", "format", "nullable")
    }
    return {"anyOf": [found, {"type": "null"}]} if part.get("nullable") is True else found
