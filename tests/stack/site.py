"""The municipality's own site, as far as it says who residents are: its key, and the tokens that it signs."""

import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import ECKey

KEY = ECKey.generate_key("P-256", {"kid": "site", "alg": "ES256", "use": "sig"})
ISSUER = "https://mijn.gemeente.example"


def write_keys(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "identity-keys.json"
    path.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))
    return path


def token(audience: str, sub: str, **changes: Any) -> str:
    """For who is logged in as `sub` on the site now."""
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": audience, "sub": sub, "iat": now, "exp": now + 300, "jti": str(uuid4()), "acr": "digid-midden"}
    return jwt.encode({"alg": "ES256", "kid": "site"}, claims | changes, KEY, ["ES256"])
