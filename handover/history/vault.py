"""What is kept of who somebody is: encrypted, and found again by a keyed hash. The keys are outside the database.

A key ring is a text of lines `<id> <32 bytes, base64url>`. The line `lookup …` is the key of the hashes, and stays as it
is: with another one nobody would be found any more. The other lines are keys of the encryption, by a number; the last
one encrypts, the others still decrypt. Each ciphertext names its key, so a ring can get a new one at any time.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import phonenumbers
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Scheme = Literal["bsn", "kvk", "sub", "phone", "email", "name"]
KEY_BYTES, NONCE_BYTES = 32, 12
LOOKUP = "lookup"
REGION = "NL"


class VaultError(Exception):
    """The key ring cannot be used, or something cannot be decrypted with it; the message says which, never a value."""


@dataclass(frozen=True)
class Vault:
    keys: dict[int, bytes] = field(repr=False)  # 0..255, in the order of the ring
    lookup_key: bytes = field(repr=False)

    @property
    def current(self) -> int:
        """The id of the key that encrypts."""
        return next(reversed(self.keys))

    def encrypt(self, value: str, purpose: str) -> bytes:
        """AES-256-GCM: one byte key id, 12 bytes nonce, ciphertext. It decrypts under the same `purpose` only."""
        nonce = os.urandom(NONCE_BYTES)
        return bytes([self.current]) + nonce + AESGCM(self.keys[self.current]).encrypt(nonce, value.encode(), purpose.encode())

    def decrypt(self, sealed: bytes, purpose: str) -> str:
        """Raises VaultError."""
        key = self.keys.get(sealed[0]) if sealed else None
        if key is None:
            raise VaultError(f"the key {sealed[0] if sealed else '?'} is not in the key ring")
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return AESGCM(key).decrypt(nonce, body, purpose.encode()).decode()
        except (InvalidTag, ValueError):
            raise VaultError(f"what should be a '{purpose}' cannot be decrypted") from None

    def lookup(self, scheme: Scheme, value: str) -> bytes:
        """32 bytes by which the same value is found again; it says nothing to who does not have the key."""
        return hmac.digest(self.lookup_key, f"{scheme}:{normalised(scheme, value)}".encode(), hashlib.sha256)

    def ring(self) -> str:
        """As it is written down."""
        lines = [f"{LOOKUP} {_text(self.lookup_key)}", *(f"{id} {_text(key)}" for id, key in self.keys.items())]
        return "\n".join(lines) + "\n"

    def rotated(self) -> "Vault":
        """With a fresh key that encrypts from now on."""
        id = max(self.keys) + 1
        if id > 255:
            raise VaultError("the key ring is full; take out keys that nothing is encrypted with any more")
        return Vault({**self.keys, id: secrets.token_bytes(KEY_BYTES)}, self.lookup_key)

    @classmethod
    def fresh(cls) -> "Vault":
        return cls({1: secrets.token_bytes(KEY_BYTES)}, secrets.token_bytes(KEY_BYTES))

    @classmethod
    def read(cls, ring: str) -> "Vault":
        """Raises VaultError."""
        keys: dict[int, bytes] = {}
        lookup = b""
        for number, line in enumerate(ring.split("\n"), 1):
            id, _, key = line.strip().partition(" ")
            if not id:
                continue
            if id == LOOKUP:
                lookup = _key(key, number)
            elif id.isdecimal() and int(id) <= 255:
                keys[int(id)] = _key(key, number)
            else:
                raise VaultError(f"line {number} of the key ring should begin with '{LOOKUP}' or a number up to 255")
        if not keys or not lookup:
            raise VaultError(f"the key ring should have a line '{LOOKUP} …' and at least one key")
        return cls(keys, lookup)


def open_vault(data: Path, ring: str | None, write: Callable[[Path, str], None]) -> Vault:
    """From `ring` (a setting) if it is given, else from secrets/vault of the data folder, which is made at the first start.

    Raises VaultError. `write` puts a secret in place, for its owner's eyes.
    """
    if ring:
        return Vault.read(ring)
    path = data / "secrets" / "vault"
    if not path.exists():
        write(path, Vault.fresh().ring())
    return Vault.read(path.read_text())


def normalised(scheme: Scheme, value: str) -> str:
    """The one way to write it, so that the same number or address is found however it was typed."""
    match scheme:
        case "bsn":
            return "".join(char for char in value if char.isdecimal()).zfill(9)
        case "kvk":
            return "".join(char for char in value if char.isdecimal())
        case "phone":
            return _phone(value)
        case "email" | "name":
            return unicodedata.normalize("NFC", " ".join(value.split())).casefold()
        case "sub":
            return value


def _phone(value: str) -> str:
    try:
        return phonenumbers.format_number(phonenumbers.parse(value, REGION), phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        return "".join(char for char in value if char.isdecimal() or char == "+")


def _key(text: str, line: int) -> bytes:
    try:
        key = base64.urlsafe_b64decode(text.strip() + "=" * (-len(text.strip()) % 4))
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise VaultError(f"line {line} of the key ring should have a key of {KEY_BYTES} bytes in base64url")
    return key


def _text(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode().rstrip("=")
