"""Every WEGWIJS_ variable, typed. A wrong value stops the start with one line that names it and what it should be."""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from handover.content.hours import Mode

SECRET_AT_LEAST = 8  # characters, of what a gateway proves itself with
ROOT = Path(__file__).resolve().parent.parent
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingError(Exception):
    """`NAME='value' should be …`"""


@dataclass(frozen=True)
class Settings:
    host: str
    port: int
    public_url: str
    origins: frozenset[str]  # beside our own
    trusted_proxies: tuple[Network, ...]
    data: Path
    municipality: Path
    opening_hours: Mode
    database_url: str
    redis_url: str | None
    rasa_processes: int
    workers: int
    jambonz: tuple[str, str] | None  # user and password of its sockets
    jambonz_secret: str | None  # of its webhooks
    audiocodes_token: str | None
    twiml_token: str | None
    voice_ssml: bool
    voice_nl: str | None
    voice_en: str | None
    reference_prefix: str = "10"  # two digits
    identity_keys: Path | None = None  # a JSON Web Key Set: with it the municipality's site says who residents are
    identity_issuer: str | None = None
    openklant: tuple[str, str] | None = field(default=None, repr=False)  # URL and token; None: nothing is sent
    vault_keys: str | None = None  # a key ring, see history/vault.py; None: the one in the data folder
    traces_url: str | None = None

    @property
    def calls(self) -> bool:
        """A telephone gateway is connected."""
        return any((self.jambonz, self.jambonz_secret, self.audiocodes_token, self.twiml_token))

    @property
    def own_origins(self) -> frozenset[str]:
        """Where our own pages are from: the public URL, and on loopback both its names."""
        own = {_origin(self.public_url) or self.public_url}
        if is_loopback(self.host):
            own |= {f"http://localhost:{self.port}", f"http://127.0.0.1:{self.port}"}
        return frozenset(own)

    @property
    def secure(self) -> bool:
        """Served over https: cookies get Secure and the __Host- prefix."""
        return self.public_url.startswith("https://")


def read_settings(env: Mapping[str, str] = os.environ) -> Settings:
    """Raises SettingError."""
    host = env.get("WEGWIJS_HOST") or "127.0.0.1"
    port = _number(env, "WEGWIJS_PORT", 8080, 1, 65535)
    public = _public_url(env, host, port)
    data = _folder(env, "WEGWIJS_DATA", ROOT / "var")
    database = env.get("WEGWIJS_DATABASE_URL") or f"sqlite+aiosqlite:///{data / 'wegwijs.db'}"
    workers = _number(env, "WEGWIJS_WORKERS", 1, 1, 64)
    database, redis = _database(database), _redis(env.get("WEGWIJS_REDIS_URL") or None)
    _go_together(workers, database, redis)
    return Settings(
        host=host,
        port=port,
        public_url=public,
        origins=_origins(env),
        trusted_proxies=_networks(env, "WEGWIJS_TRUSTED_PROXIES"),
        data=data,
        municipality=_file(env, "WEGWIJS_MUNICIPALITY", ROOT / "data" / "municipality.yml"),
        opening_hours=cast(Mode, _one_of(env, "WEGWIJS_OPENING_HOURS", "municipality", "always", "never")),
        database_url=database,
        redis_url=redis,
        rasa_processes=_number(env, "WEGWIJS_RASA_PROCESSES", 1, 1, 16),
        workers=workers,
        reference_prefix=str(_number(env, "WEGWIJS_REFERENCE_PREFIX", 10, 10, 99)),
        identity_keys=_file(env, "WEGWIJS_IDENTITY_KEYS", Path()) if env.get("WEGWIJS_IDENTITY_KEYS") else None,
        identity_issuer=env.get("WEGWIJS_IDENTITY_ISSUER") or None,
        vault_keys=_ring(env),
        jambonz=_pair(env, "WEGWIJS_JAMBONZ_USER", "WEGWIJS_JAMBONZ_PASSWORD"),
        jambonz_secret=_secret(env, "WEGWIJS_JAMBONZ_SECRET"),
        audiocodes_token=_secret(env, "WEGWIJS_AUDIOCODES_TOKEN"),
        twiml_token=_secret(env, "WEGWIJS_TWIML_TOKEN"),
        voice_ssml=_one_of(env, "WEGWIJS_VOICE_SSML", "on", "off") == "on",
        voice_nl=_voice(env, "WEGWIJS_VOICE_NL"),
        voice_en=_voice(env, "WEGWIJS_VOICE_EN"),
        openklant=_openklant(env),
        traces_url=_traces(env),
    )


def _ring(env: Mapping[str, str]) -> str | None:
    """In one line of an environment file the lines of a key ring may be separated by commas or semicolons."""
    given = env.get("WEGWIJS_VAULT_KEYS")
    return given.replace(",", "\n").replace(";", "\n") if given else None


def _pair(env: Mapping[str, str], user: str, password: str) -> tuple[str, str] | None:
    given = env.get(user) or None, _secret(env, password)
    if given[0] is None and given[1] is None:
        return None
    if given[0] is None or given[1] is None:
        missing = user if given[0] is None else password
        raise SettingError(f"{missing}='' should be set, because {password if missing == user else user} is")
    if ":" in given[0]:
        raise SettingError(f"{user}='{given[0]}' should have no colon")
    return given[0], given[1]


def _secret(env: Mapping[str, str], name: str) -> str | None:
    """Never shown, not even when it is wrong."""
    value = env.get(name) or None
    if value is not None and len(value) < SECRET_AT_LEAST:
        raise SettingError(f"{name}='…' should have {SECRET_AT_LEAST} characters at least")
    return value


def _voice(env: Mapping[str, str], name: str) -> str | None:
    value = env.get(name) or None
    if value is not None and not re.fullmatch(r"[\w.-]+(:[\w. -]+)?", value):
        raise SettingError(f"{name}='{value}' should look like microsoft:nl-NL-FennaNeural, or be the name alone")
    return value


def _openklant(env: Mapping[str, str]) -> tuple[str, str] | None:
    """Both or neither. The token is never shown."""
    url, token = env.get("WEGWIJS_OPENKLANT_URL") or "", env.get("WEGWIJS_OPENKLANT_TOKEN") or ""
    if not url and not token:
        return None
    if not url:
        raise SettingError(
            "WEGWIJS_OPENKLANT_URL='' should look like https://openklant.gemeente.nl, because WEGWIJS_OPENKLANT_TOKEN is set"
        )
    try:
        parts = urlsplit(url)
        wrong = parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment
        _ = parts.port
    except ValueError:
        wrong = True
    if wrong:
        raise SettingError(f"WEGWIJS_OPENKLANT_URL='{url.rpartition('@')[2]}' should look like https://openklant.gemeente.nl")
    if not token:
        raise SettingError(
            "WEGWIJS_OPENKLANT_TOKEN='' should be the token of an application in Open Klant, because WEGWIJS_OPENKLANT_URL is set"
        )
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise SettingError("WEGWIJS_OPENKLANT_TOKEN='…' should be the token alone: letters and digits, without 'Token' or spaces")
    return url.rstrip("/"), token


def _go_together(workers: int, database: str, redis: str | None) -> None:
    """Several processes need a database that all of them write to, and a bell that all of them hear."""
    on_sqlite = database.startswith("sqlite")
    if workers > 1 and on_sqlite:
        raise SettingError(f"WEGWIJS_WORKERS='{workers}' should be 1 on SQLite; more need WEGWIJS_DATABASE_URL=postgresql://user@host/name")
    if workers > 1 and not redis:
        raise SettingError(f"WEGWIJS_WORKERS='{workers}' should be 1 without WEGWIJS_REDIS_URL; more need one, like redis://host:6379")
    if redis and on_sqlite:
        scheme = redis.partition("://")[0]
        raise SettingError(
            f"WEGWIJS_REDIS_URL='{scheme}://…' should be unset on SQLite, or WEGWIJS_DATABASE_URL be postgresql://user@host/name"
        )


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    value = env.get(name) or str(default)
    if not value.isdecimal() or not low <= int(value) <= high:
        raise SettingError(f"{name}='{value}' should be a whole number from {low} to {high}")
    return int(value)


def _one_of(env: Mapping[str, str], name: str, *allowed: str) -> str:
    value = env.get(name) or allowed[0]
    if value not in allowed:
        raise SettingError(f"{name}='{value}' should be one of {', '.join(allowed)}")
    return value


def _file(env: Mapping[str, str], name: str, default: Path) -> Path:
    path = Path(env.get(name) or default)
    if not path.is_file():
        raise SettingError(f"{name}='{path}' should be a file that exists")
    return path


def _folder(env: Mapping[str, str], name: str, default: Path) -> Path:
    """Absolute; it may have to be made, so only what is there already can be wrong."""
    path = Path(env.get(name) or default).absolute()
    there = next(parent for parent in (path, *path.parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise SettingError(f"{name}='{path}' should be a folder that can be written to")
    return path


def _origin(url: str) -> str | None:
    """scheme://host[:port], lower case, or None if `url` is anything else than that."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
            return None
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        default = {"http": 80, "https": 443}[parts.scheme]
        return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, default) else "")
    except ValueError:
        return None


def _public_url(env: Mapping[str, str], host: str, port: int) -> str:
    given = env.get("WEGWIJS_PUBLIC_URL")
    url = (given or f"http://{f'[{host}]' if ':' in host else host}:{port}").rstrip("/")
    if _origin(url) is None or urlsplit(url).path:
        raise SettingError(f"WEGWIJS_PUBLIC_URL='{url}' should look like https://chat.gemeente.nl")
    if not is_loopback(host) and not url.startswith("https://"):
        raise SettingError(f"WEGWIJS_PUBLIC_URL='{url}' should be https, because WEGWIJS_HOST='{host}' is not loopback")
    return url


def _origins(env: Mapping[str, str]) -> frozenset[str]:
    origins = set()
    for item in (env.get("WEGWIJS_ORIGINS") or "").replace(",", " ").split():
        origin = _origin(item)
        if origin is None or urlsplit(item).path not in ("", "/"):
            raise SettingError(f"WEGWIJS_ORIGINS='{item}' should look like https://www.gemeente.nl")
        origins.add(origin)
    return frozenset(origins)


def _networks(env: Mapping[str, str], name: str) -> tuple[Network, ...]:
    found = []
    for item in (env.get(name) or "").replace(",", " ").split():
        try:
            found.append(ipaddress.ip_network(item, strict=False))
        except ValueError:
            raise SettingError(f"{name}='{item}' should be an address or a network like 10.0.0.0/8") from None
    return tuple(found)


def _database(url: str) -> str:
    """Accepts the plain SQLAlchemy URLs of SQLite and PostgreSQL and puts the async driver in."""
    for plain, driver in (
        ("sqlite://", "sqlite+aiosqlite://"),
        ("postgresql://", "postgresql+asyncpg://"),
        ("postgres://", "postgresql+asyncpg://"),
    ):
        if url.startswith(plain):
            url = driver + url.removeprefix(plain)
    if not url.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://")) or url.endswith((":///", ":///:memory:")):
        scheme = url.partition("://")[0]  # the rest may hold a password
        raise SettingError(f"WEGWIJS_DATABASE_URL='{scheme}://…' should look like sqlite:///folder/file.db or postgresql://user@host/name")
    return url


def _traces(env: Mapping[str, str]) -> str | None:
    url = env.get("WEGWIJS_TRACES_URL") or None
    if url and (_origin(url) is None or urlsplit(url).path not in ("", "/")):
        raise SettingError(f"WEGWIJS_TRACES_URL='{url}' should look like http://127.0.0.1:4318")
    return url


def _redis(url: str | None) -> str | None:
    if url and not (url.startswith(("redis://", "rediss://")) and urlsplit(url).hostname):
        scheme = url.partition("://")[0]
        raise SettingError(f"WEGWIJS_REDIS_URL='{scheme}://…' should look like redis://host:6379")
    return url
