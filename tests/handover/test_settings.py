"""Every variable: its default, what it takes, and the one line that a wrong value gets."""

import ipaddress

import pytest

from handover.settings import ROOT, SettingError, read_settings


def test_the_defaults():
    found = read_settings({})
    assert (found.host, found.port, found.public_url) == ("127.0.0.1", 8080, "http://127.0.0.1:8080")
    assert found.own_origins == {"http://127.0.0.1:8080", "http://localhost:8080"}
    assert found.origins == frozenset()
    assert (found.trusted_proxies, found.redis_url, found.opening_hours) == ((), None, "municipality")
    assert (found.rasa_processes, found.workers, found.secure) == (1, 1, False)
    assert found.data == ROOT / "var"
    assert found.database_url == f"sqlite+aiosqlite:///{ROOT / 'var' / 'wegwijs.db'}"


def test_empty_is_the_same_as_absent():
    names = [
        "HOST",
        "PORT",
        "PUBLIC_URL",
        "ORIGINS",
        "TRUSTED_PROXIES",
        "DATA",
        "MUNICIPALITY",
        "OPENING_HOURS",
        "DATABASE_URL",
        "REDIS_URL",
    ]
    assert read_settings({f"WEGWIJS_{name}": "" for name in [*names, "RASA_PROCESSES", "WORKERS"]}) == read_settings({})


def test_everything_set(tmp_path):
    facts = tmp_path / "facts.yml"
    facts.touch()
    found = read_settings({
        "WEGWIJS_HOST": "0.0.0.0",
        "WEGWIJS_PORT": "9000",
        "WEGWIJS_PUBLIC_URL": "https://chat.gemeente.nl/",
        "WEGWIJS_ORIGINS": "https://www.gemeente.nl, https://WWW.Gemeente.nl:443 https://mijn.gemeente.nl:8443/",
        "WEGWIJS_TRUSTED_PROXIES": "10.0.0.0/8, 192.168.1.1",
        "WEGWIJS_DATA": str(tmp_path / "new" / "folder"),
        "WEGWIJS_MUNICIPALITY": str(facts),
        "WEGWIJS_OPENING_HOURS": "always",
        "WEGWIJS_DATABASE_URL": "postgresql://wegwijs@db/wegwijs",
        "WEGWIJS_REDIS_URL": "redis://localhost:6379/1",
        "WEGWIJS_RASA_PROCESSES": "2",
        "WEGWIJS_WORKERS": "4",
    })  # fmt: skip
    assert found.public_url == "https://chat.gemeente.nl"
    assert found.secure
    assert found.origins == {"https://www.gemeente.nl", "https://mijn.gemeente.nl:8443"}
    assert found.own_origins == {"https://chat.gemeente.nl"}
    assert found.trusted_proxies == (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("192.168.1.1/32"))
    assert found.database_url == "postgresql+asyncpg://wegwijs@db/wegwijs"
    assert (found.data, found.municipality) == (tmp_path / "new" / "folder", facts)
    assert (found.opening_hours, found.rasa_processes, found.redis_url) == ("always", 2, "redis://localhost:6379/1")
    assert found.workers == 4


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("WEGWIJS_PORT", "0", "should be a whole number from 1 to 65535"),
        ("WEGWIJS_PORT", "65536", "should be a whole number from 1 to 65535"),
        ("WEGWIJS_PORT", "http", "should be a whole number"),
        ("WEGWIJS_PORT", "-1", "should be a whole number"),
        ("WEGWIJS_PORT", "80.5", "should be a whole number"),
        ("WEGWIJS_PUBLIC_URL", "chat.gemeente.nl", "should look like https://chat.gemeente.nl"),
        ("WEGWIJS_PUBLIC_URL", "https://chat.gemeente.nl/chat", "should look like"),
        ("WEGWIJS_PUBLIC_URL", "https://user@chat.gemeente.nl", "should look like"),
        ("WEGWIJS_PUBLIC_URL", "https://chat.gemeente.nl?x=1", "should look like"),
        ("WEGWIJS_PUBLIC_URL", "https://chat.gemeente.nl:port", "should look like"),
        ("WEGWIJS_PUBLIC_URL", "ftp://chat.gemeente.nl", "should look like"),
        ("WEGWIJS_ORIGINS", "www.gemeente.nl", "should look like https://www.gemeente.nl"),
        ("WEGWIJS_ORIGINS", "https://www.gemeente.nl https://www.gemeente.nl/pagina", "should look like"),
        ("WEGWIJS_ORIGINS", "*", "should look like"),
        ("WEGWIJS_ORIGINS", "null", "should look like"),
        ("WEGWIJS_TRUSTED_PROXIES", "10.0.0.0/33", "should be an address or a network like 10.0.0.0/8"),
        ("WEGWIJS_TRUSTED_PROXIES", "proxy.local", "should be an address or a network"),
        ("WEGWIJS_DATA", __file__, "should be a folder that can be written to"),
        ("WEGWIJS_DATA", f"{__file__}/below", "should be a folder that can be written to"),
        ("WEGWIJS_MUNICIPALITY", "/nowhere/facts.yml", "should be a file that exists"),
        ("WEGWIJS_MUNICIPALITY", "/", "should be a file that exists"),
        ("WEGWIJS_OPENING_HOURS", "sometimes", "should be one of municipality, always, never"),
        ("WEGWIJS_DATABASE_URL", "mysql://localhost/x", "should look like sqlite:///"),
        ("WEGWIJS_DATABASE_URL", "wegwijs.db", "should look like sqlite:///"),
        ("WEGWIJS_DATABASE_URL", "sqlite:///:memory:", "should look like sqlite:///"),
        ("WEGWIJS_DATABASE_URL", "sqlite:///", "should look like sqlite:///"),
        ("WEGWIJS_REDIS_URL", "localhost:6379", "should look like redis://host:6379"),
        ("WEGWIJS_REDIS_URL", "redis://", "should look like redis://host:6379"),
        ("WEGWIJS_RASA_PROCESSES", "0", "should be a whole number from 1 to 16"),
        ("WEGWIJS_RASA_PROCESSES", "two", "should be a whole number from 1 to 16"),
        ("WEGWIJS_WORKERS", "x", "should be a whole number from 1 to 64"),
        ("WEGWIJS_OPENKLANT_URL", "openklant.gemeente.nl", "should look like https://openklant.gemeente.nl"),
        ("WEGWIJS_OPENKLANT_URL", "ftp://openklant.gemeente.nl", "should look like"),
        ("WEGWIJS_OPENKLANT_URL", "https://openklant.gemeente.nl?x=1", "should look like"),
        ("WEGWIJS_OPENKLANT_URL", "https://openklant.gemeente.nl:port", "should look like"),
        ("WEGWIJS_WORKERS", "2", "should be 1 on SQLite"),
        ("WEGWIJS_REDIS_URL", "redis://localhost:6379", "should be unset on SQLite"),
    ],
)
def test_a_wrong_value_names_the_variable_and_what_it_should_be(name, value, expected):
    with pytest.raises(SettingError) as error:
        read_settings({name: value})
    said = str(error.value)
    assert said.startswith(f"{name}='")
    assert expected in said
    assert "\n" not in said


def test_several_processes_need_postgresql_and_redis():
    postgres = {"WEGWIJS_DATABASE_URL": "postgresql://wegwijs@db/wegwijs"}
    with pytest.raises(SettingError, match="WEGWIJS_WORKERS='2' should be 1 without WEGWIJS_REDIS_URL"):
        read_settings({**postgres, "WEGWIJS_WORKERS": "2"})
    assert read_settings({**postgres, "WEGWIJS_WORKERS": "2", "WEGWIJS_REDIS_URL": "redis://cache"}).workers == 2
    assert read_settings(postgres).redis_url is None


def test_beyond_loopback_the_public_url_must_be_https():
    with pytest.raises(SettingError, match=r"should be https, because WEGWIJS_HOST='0.0.0.0' is not loopback"):
        read_settings({"WEGWIJS_HOST": "0.0.0.0", "WEGWIJS_PUBLIC_URL": "http://chat.gemeente.nl"})
    with pytest.raises(SettingError, match="WEGWIJS_PUBLIC_URL"):
        read_settings({"WEGWIJS_HOST": "192.168.1.5"})


@pytest.mark.parametrize(("host", "url"), [("localhost", "http://localhost:8080"), ("::1", "http://[::1]:8080")])
def test_loopback_by_other_names(host, url):
    found = read_settings({"WEGWIJS_HOST": host})
    assert found.public_url == url
    assert url in found.own_origins


def test_a_password_is_not_shown():
    for name in ("WEGWIJS_DATABASE_URL", "WEGWIJS_REDIS_URL"):
        with pytest.raises(SettingError) as error:
            read_settings({name: "mysql://wegwijs:geheim@db/x"})
        assert "geheim" not in str(error.value)


OPENKLANT = {"WEGWIJS_OPENKLANT_URL": "https://openklant.gemeente.nl/", "WEGWIJS_OPENKLANT_TOKEN": "0123456789abcdef"}


def test_open_klant_is_off_until_both_are_given():
    assert read_settings({}).openklant is None
    assert read_settings(OPENKLANT).openklant == ("https://openklant.gemeente.nl", "0123456789abcdef")
    assert "0123456789abcdef" not in repr(read_settings(OPENKLANT))
    with pytest.raises(SettingError, match="WEGWIJS_OPENKLANT_TOKEN='' should be the token"):
        read_settings(OPENKLANT | {"WEGWIJS_OPENKLANT_TOKEN": ""})
    with pytest.raises(SettingError, match="WEGWIJS_OPENKLANT_URL='' should look like"):
        read_settings(OPENKLANT | {"WEGWIJS_OPENKLANT_URL": ""})


@pytest.mark.parametrize("token", ["Token 0123456789", "geheim\n", "géheim", "a b"])
def test_a_wrong_token_is_told_and_not_shown(token):
    with pytest.raises(SettingError) as error:
        read_settings(OPENKLANT | {"WEGWIJS_OPENKLANT_TOKEN": token})
    assert str(error.value).startswith("WEGWIJS_OPENKLANT_TOKEN='…' should be the token alone")
    assert token not in str(error.value)


def test_a_password_in_the_address_is_not_shown():
    with pytest.raises(SettingError) as error:
        read_settings(OPENKLANT | {"WEGWIJS_OPENKLANT_URL": "https://wegwijs:geheim@openklant.gemeente.nl"})
    assert "geheim" not in str(error.value)
