"""Tokens of the municipality's site: only a fresh one, for us, signed with the key that it names, says who somebody is."""

import base64
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from handover.channels.web.identity import Identities, NotIdentified
from handover.settings import SettingError
from tests.handover.conftest import MORNING

HERE, SITE = "https://chat.gemeente.example", "https://mijn.gemeente.example"
NOW = int(MORNING.timestamp())
SIGNING = ECKey.generate_key("P-256", {"kid": "site", "alg": "ES256", "use": "sig"})
SHARED = OctKey.generate_key(256, {"kid": "shared", "alg": "HS256", "use": "sig"})
SEALING = OctKey.generate_key(256, {"kid": "sealed", "alg": "dir", "use": "enc"})


def key_set(folder: Path, *keys: Any) -> Path:
    path = folder / "keys.json"
    path.write_text(json.dumps({"keys": [key.as_dict(private=key.key_type == "oct") for key in keys]}))
    return path


@pytest.fixture
def identities(tmp_path) -> Identities:
    return Identities(key_set(tmp_path, SIGNING, SHARED, SEALING), SITE, HERE)


def claims(**changes: Any) -> dict[str, Any]:
    said = {"iss": SITE, "aud": HERE, "sub": "8a3f", "iat": NOW, "exp": NOW + 300, "jti": str(uuid4()), "acr": "digid-midden", **changes}
    return {name: value for name, value in said.items() if value is not None}


def token(key: Any = SIGNING, header: dict[str, Any] | None = None, **changes: Any) -> str:
    return jwt.encode(header or {"alg": key.alg, "kid": key.kid}, claims(**changes), key, [key.alg])


def test_a_good_one_says_who_it_is(identities):
    """SEC-13"""
    who = identities.read(token(), MORNING)
    assert (who.scheme, who.value, who.level) == ("sub", f"{SITE} 8a3f", "digid-midden")
    assert who.expires_at == datetime.fromtimestamp(NOW + 330, UTC)
    assert identities.read(token(SHARED), MORNING).value == who.value
    assert identities.read(token(), MORNING).token_hash != who.token_hash


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": NOW - 31}, {"exp": NOW + 601}, {"exp": None}, {"iat": None}, {"iat": NOW + 120, "exp": NOW + 400}, {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256}, {"aud": "https://other.example"}, {"aud": None}, {"iss": "https://other.example"}, {"iss": None}, {"jti": None},
        {"jti": "short"}, {"nbf": NOW + 120}, {"bsn": "123456782"}, {"exp": "soon"}, {"jti": 12345678}, {"exp": NOW, "iat": NOW},
    ],
    ids=str,
)  # fmt: skip
def test_any_other_says_nothing(identities, changes):
    """SEC-13: aud, exp of ten minutes at most, sub, jti. PRV-4: no BSN where scripts can read it."""
    with pytest.raises(NotIdentified):
        identities.read(token(**changes), MORNING)


def test_the_algorithm_belongs_to_the_key(identities):
    """SEC-13: alg pinned, kid named. A public key must not serve as the secret of a hash."""
    said = f"{_part({'alg': 'HS256', 'kid': 'site'})}.{_part(claims())}"
    confused = hmac.digest(SIGNING.as_pem(private=False), said.encode(), "sha256")
    strange = ECKey.generate_key("P-256")
    for wrong in (
        f"{said}.{base64.urlsafe_b64encode(confused).decode().rstrip('=')}",
        jwt.encode({"alg": "ES256", "kid": "site"}, claims(), strange, ["ES256"]),
        jwt.encode({"alg": "ES256", "kid": "other"}, claims(), SIGNING, ["ES256"]),
        jwt.encode({"alg": "ES256"}, claims(), SIGNING, ["ES256"]),
        jwt.encode({"alg": "none", "kid": "site"}, claims(), SHARED, ["none"]),
        token()[:-4] + "AAAA", "", "a.b", "a.b.c", "a.b.c.d.e", "é.é.é",
    ):  # fmt: skip
        with pytest.raises(NotIdentified):
            identities.read(wrong, MORNING)


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def sealed(inner: str, header: dict[str, str] | None = None, key: Any = SEALING) -> str:
    return jwe.encrypt_compact(header or {"alg": "dir", "enc": "A256GCM", "kid": "sealed"}, inner, key, ["dir", "A256GCM", "A128CBC-HS256"])


def test_a_citizen_number_comes_encrypted_only(identities):
    """PRV-4"""
    who = identities.read(sealed(token(bsn="123456782")), MORNING)
    assert (who.scheme, who.value) == ("bsn", "123456782")
    assert ("sub", f"{SITE} 8a3f") in who.also
    for wrong in (sealed(token(bsn="123456789")), sealed("no token"), sealed(token(exp=NOW - 60, bsn="123456782"))):
        with pytest.raises(NotIdentified):
            identities.read(wrong, MORNING)
    other = OctKey.generate_key(256)
    with pytest.raises(NotIdentified):
        identities.read(sealed(token(), key=other), MORNING)


def test_a_verified_address_belongs_to_the_person_an_unverified_one_does_not(identities):
    """SEC-13: what a client says of itself is unverified."""
    who = identities.read(token(email="fatma@example.nl", email_verified=True, phone_number="+31612345678"), MORNING)
    assert who.also == (("email", "fatma@example.nl"),)
    for subject, scheme, value in (("tel:+31612345678", "phone", "+31612345678"), ("mailto:fatma@example.nl", "email", "fatma@example.nl")):
        who = identities.read(token(sub=subject, acr=None), MORNING)
        assert (who.scheme, who.value, who.level) == (scheme, value, scheme)


def test_without_keys_nobody_is_known():
    with pytest.raises(NotIdentified):
        Identities(None, None, HERE).read(token(), MORNING)


@pytest.mark.filterwarnings("ignore:Key size")
@pytest.mark.parametrize(
    "keys",
    [
        "", "[]", "{}", '{"keys": []}', '{"keys": [{"kty": "oct", "k": "AAAA", "kid": "x"}]}', '{"keys": [{"kty": "wrong"}]}',
        '{"keys": [{"kty": "oct", "k": "AAAA", "kid": "x", "alg": "HS256"}]}', '{"keys": [{"kty": "oct", "k": "AAAA", "alg": "HS256"}]}',
        '{"keys": [{"kty": "oct", "k": "AAAA", "kid": "x", "alg": "none"}]}',
    ],
)  # fmt: skip
def test_a_key_set_that_is_wrong_stops_the_start(tmp_path, keys):
    path = tmp_path / "keys.json"
    path.write_text(keys)
    with pytest.raises(SettingError, match="WEGWIJS_IDENTITY_KEYS"):
        Identities(path, SITE, HERE)


def test_a_key_twice_stops_the_start(tmp_path):
    with pytest.raises(SettingError, match="each kid once"):
        Identities(key_set(tmp_path, SIGNING, SIGNING), SITE, HERE)


@pytest.mark.parametrize(
    ("make", "alg"), [(lambda o: RSAKey.generate_key(2048, o), "PS256"), (lambda o: OKPKey.generate_key("Ed25519", o), "Ed25519")]
)
def test_other_kinds_of_keys(tmp_path, make, alg):
    key = make({"kid": "k", "alg": alg})
    assert Identities(key_set(tmp_path, key), SITE, HERE).read(token(key), MORNING).level == "digid-midden"
