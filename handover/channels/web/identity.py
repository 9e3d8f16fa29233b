"""Who a resident is, as the municipality's own site says: a short JWT that it signs on its server (SEC-13).

The site's keys are a JSON Web Key Set; each key has a `kid` and the one `alg` that it may be used with. A token names its
key, says for whom it is (`aud`: our public URL), lives for ten minutes at most and counts once (`jti`). A citizen
service number is taken from an encrypted token only: a plain one can be read by every script of the page (PRV-4).
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from joserfc import jwe, jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, KeySet, OctKey
from joserfc.jwt import ClaimsOption

from handover.conversation.privacy import passes_eleven_test
from handover.history.people import Verified
from handover.history.vault import Scheme, normalised
from handover.settings import SettingError

SIGNING = ("ES256", "ES384", "PS256", "RS256", "Ed25519", "HS256")
ENCRYPTING, CONTENT = ("dir", "RSA-OAEP-256", "ECDH-ES"), "A256GCM"
LIFE_AT_MOST = 600  # seconds
LEEWAY = 30  # seconds that two clocks may differ
HASH_KEY_AT_LEAST = 32  # bytes of a key for HS256
JTI_AT_LEAST, SUB_AT_MOST, LEVEL_AT_MOST = 8, 255, 60  # characters
PREFIXES: dict[str, Scheme] = {"tel:": "phone", "mailto:": "email"}  # of `sub`, for whom the site knows by that alone


class NotIdentified(Exception):
    """The token does not say who this is; the reason is for the log, and holds nothing of the token."""


class Identities:
    """Reads tokens. `path`: the key set; None: nobody can be known."""

    def __init__(self, path: Path | None, issuer: str | None, audience: str) -> None:
        """Raises SettingError."""
        self._issuer, self._audience = issuer, audience
        self._keys = _key_set(path) if path else None

    def read(self, token: str, now: datetime) -> Verified:
        """Raises NotIdentified."""
        if self._keys is None:
            raise NotIdentified("no keys are set")
        try:
            encrypted = token.count(".") == 4
            signed = jwe.decrypt_compact(token, self._key_of("enc"), [*ENCRYPTING, CONTENT]).plaintext or b"" if encrypted else token
            claims = jwt.decode(signed, self._key_of("sig"), list(SIGNING)).claims
            self._registry(now).validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise NotIdentified(type(error).__name__) from None
        return _verified(claims, encrypted=encrypted, issuer=str(claims.get("iss", "")))

    def _registry(self, now: datetime) -> jwt.JWTClaimsRegistry:
        needed: ClaimsOption = {"essential": True}
        issuer: dict[str, ClaimsOption] = {"iss": {"essential": True, "value": self._issuer}} if self._issuer else {}
        must: dict[str, ClaimsOption] = {"sub": needed, "exp": needed, "iat": needed, "jti": needed, **issuer}
        must["aud"] = {"essential": True, "value": self._audience}
        return jwt.JWTClaimsRegistry(int(now.timestamp()), LEEWAY, **must)

    def _key_of(self, use: str) -> Any:
        """Finds the key that a token names, for the algorithm that belongs to the key and for no other."""

        def find(token: GuestProtocol) -> Any:
            headers = token.headers()
            for key in self._keys.keys if self._keys else []:
                if key.kid == headers.get("kid") and key.get("use", "sig") == use and key.alg == headers.get("alg"):
                    return key
            raise NotIdentified("no such key")

        return find


def _verified(claims: Mapping[str, Any], *, encrypted: bool, issuer: str) -> Verified:
    life = claims["exp"] - claims["iat"]
    jti, sub = claims["jti"], claims["sub"]
    if not isinstance(jti, str) or not isinstance(sub, str) or not 0 < len(sub) <= SUB_AT_MOST or len(jti) < JTI_AT_LEAST:
        raise NotIdentified("sub or jti")
    if not 0 < life <= LIFE_AT_MOST:
        raise NotIdentified("it lives too long")
    told: tuple[tuple[Scheme, str], ...] = (("phone", "phone_number"), ("email", "email"))
    also = [
        (scheme, str(claims[name])) for scheme, name in told if claims.get(f"{name}_verified") is True and isinstance(claims.get(name), str)
    ]  # fmt: skip
    prefix = next((prefix for prefix in PREFIXES if sub.startswith(prefix)), None)
    scheme, value = (PREFIXES[prefix], sub.removeprefix(prefix)) if prefix else ("sub", f"{issuer} {sub}")
    if "bsn" in claims:
        also.append((scheme, value))
        scheme, value = "bsn", normalised("bsn", str(claims["bsn"]))
        if not encrypted or not passes_eleven_test(value):
            raise NotIdentified("a BSN that is not encrypted, or is none")
    level = str(claims.get("acr") or {"sub": "account"}.get(scheme, scheme))[:LEVEL_AT_MOST]
    hashed = hashlib.sha256(f"{issuer}\0{jti}".encode()).digest()
    return Verified(scheme, value, level, hashed, datetime.fromtimestamp(claims["exp"] + LEEWAY, UTC), tuple(also))


def _key_set(path: Path) -> KeySet:
    """Raises SettingError."""
    name = f"WEGWIJS_IDENTITY_KEYS='{path}'"
    try:
        keys = KeySet.import_key_set(msgspec.json.decode(path.read_bytes()))
    except (OSError, msgspec.MsgspecError, JoseError, ValueError, KeyError, TypeError):
        raise SettingError(f'{name} should be a JSON Web Key Set: {{"keys": [...]}}') from None
    for key in keys.keys:
        allowed = ENCRYPTING if key.get("use") == "enc" else SIGNING
        if not key.kid or key.alg not in allowed:
            raise SettingError(f"{name}: each key should have a kid and an alg that is one of {', '.join(allowed)}")
        if isinstance(key, OctKey) and key.alg == "HS256" and len(key.raw_value) < HASH_KEY_AT_LEAST:
            raise SettingError(f"{name}: the key '{key.kid}' should have {HASH_KEY_AT_LEAST} bytes at least")
    if len({key.kid for key in keys.keys}) < len(keys.keys) or not keys.keys:
        raise SettingError(f"{name} should have at least one key, and each kid once")
    return keys
