"""What is kept of who somebody is: readable with the key ring only, and found without reading it."""

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover.app import _write_secret
from handover.history.vault import Vault, VaultError, open_vault

VAULT = Vault.fresh()


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_what_was_encrypted_comes_back_and_never_looks_the_same(value):
    """PRV-4: encrypted at rest."""
    sealed = VAULT.encrypt(value, "identity")
    assert VAULT.decrypt(sealed, "identity") == value
    assert VAULT.encrypt(value, "identity") != sealed


def test_it_decrypts_for_what_it_was_encrypted_for_only():
    sealed = VAULT.encrypt("123456782", "identity")
    for wrong in (sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1]), b"", bytes([sealed[0]])):
        with pytest.raises(VaultError):
            VAULT.decrypt(wrong, "identity")
    with pytest.raises(VaultError, match="'contact_detail' cannot be decrypted"):
        VAULT.decrypt(sealed, "contact_detail")
    with pytest.raises(VaultError):
        Vault.fresh().decrypt(sealed, "identity")


def test_a_new_key_encrypts_and_the_old_one_still_decrypts():
    old = VAULT.encrypt("a", "identity")
    rotated = VAULT.rotated()
    new = rotated.encrypt("a", "identity")
    assert (old[0], new[0]) == (1, 2)
    assert rotated.decrypt(old, "identity") == rotated.decrypt(new, "identity") == "a"
    assert rotated.lookup("sub", "a") == VAULT.lookup("sub", "a")
    with pytest.raises(VaultError, match="the key 2 is not in the key ring"):
        VAULT.decrypt(new, "identity")


@pytest.mark.parametrize(
    ("scheme", "one", "other"),
    [
        ("bsn", "123456782", "1234.56.782"),
        ("bsn", "012345672", "12345672"),
        ("phone", "+31612345678", "06 12 34 56 78"),
        ("phone", "0031612345678", "06-12345678"),
        ("email", "Jan@Example.nl", " jan@example.nl "),
    ],
)
def test_the_same_is_found_however_it_was_written(scheme, one, other):
    assert VAULT.lookup(scheme, one) == VAULT.lookup(scheme, other)
    assert VAULT.lookup(scheme, one) != Vault.fresh().lookup(scheme, one)
    assert len(VAULT.lookup(scheme, one)) == 32


def test_subjects_are_what_they_are():
    assert VAULT.lookup("sub", "A") != VAULT.lookup("sub", "a")
    assert VAULT.lookup("sub", "1") != VAULT.lookup("bsn", "1")


def test_the_ring_is_made_once_and_for_its_owner_only(tmp_path):
    made = open_vault(tmp_path, None, _write_secret)
    path = tmp_path / "secrets" / "vault"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert open_vault(tmp_path, None, _write_secret) == made
    assert Vault.read(made.ring()) == made
    assert not any(key.hex() in repr(made) or str(key) in repr(made) for key in (*made.keys.values(), made.lookup_key))


@pytest.mark.parametrize(
    ("ring", "says"),
    [
        ("", "have a line 'lookup"),
        ("1 AAAA", "line 1 .* 32 bytes"),
        ("een " + "A" * 43, "line 1 .* begin with"),
        ("\n1 !", "line 2"),
    ],
)
def test_a_ring_that_is_wrong_says_where(ring, says):
    with pytest.raises(VaultError, match=says):
        Vault.read(ring)
