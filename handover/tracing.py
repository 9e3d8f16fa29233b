"""OpenTelemetry traces, if WEGWIJS_TRACES_URL says where to send them; otherwise `span` does nothing and imports nothing.

A span has ids and kinds, never what anybody wrote.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

from handover.settings import SettingError

_tracer: Any = None
_provider: Any = None


def start_tracing(url: str) -> None:
    """`url`: of an OTLP collector over HTTP, without the path (`http://127.0.0.1:4318`). Raises SettingError."""
    global _tracer, _provider
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise SettingError(f"WEGWIJS_TRACES_URL='{url}' should be unset, or the extra 'tracing' be installed ({error.name})") from error
    _provider = TracerProvider(resource=Resource({"service.name": "wegwijs"}))
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces", timeout=5)))
    _tracer = _provider.get_tracer("wegwijs")


def stop_tracing() -> None:
    """Sends what is left."""
    global _tracer, _provider
    if _provider is not None:
        _provider.shutdown()
    _tracer = _provider = None


@contextlib.contextmanager
def span(name: str, **attributes: Any) -> Iterator[None]:
    if _tracer is None:
        yield
        return
    with _tracer.start_as_current_span(name, attributes={key: str(value) for key, value in attributes.items()}):
        yield
