"""The routes of the real application, without starting it."""

import tempfile
from pathlib import Path
from unittest.mock import patch

from sanic import Sanic

from handover.app import Service, make_app
from handover.settings import ROOT, read_settings


def routes() -> set[tuple[str, str]]:
    """(method, path) of everything that answers; HEAD and OPTIONS left out."""
    model_is_not_asked = patch("handover.app.model_path", return_value=ROOT / "config.yml")  # any file that is there
    with tempfile.TemporaryDirectory() as data, model_is_not_asked:
        settings = read_settings({"WEGWIJS_DATA": str(Path(data) / "var")})
        app = make_app(Service(settings), settings.port)
        found = {(method, f"/{route.path}") for route in app.router.routes for method in route.methods}
    Sanic._app_registry.pop(app.name, None)
    return {(method, path) for method, path in found if method not in ("HEAD", "OPTIONS")}
