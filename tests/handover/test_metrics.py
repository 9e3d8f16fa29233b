"""What one would be woken up for is in the figures, and a trace says where the time went."""

import asyncio
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from handover import tracing
from handover.conversation import events as ev
from handover.conversation.conversation import Refused
from handover.conversation.events import Person
from handover.history.store import Unavailable
from handover.metrics import Metrics
from handover.rasa import BotError
from handover.settings import ROOT
from tests.handover.test_perform import ANJA, world

__all__ = ["world"]  # a fixture


async def figures(world) -> dict[str, float]:
    text = (await world.performer.metrics.text(world.store, world.time)).decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {sample.name + "".join(sorted(sample.labels.values())): sample.value for sample in samples if "le" not in sample.labels}


async def test_the_queue_its_age_and_what_is_late(world):
    id, _ = await world.begins()
    await world.performer.perform(id, ev.HumanAsked("kcc", "request"))
    world.time += timedelta(seconds=90)
    found = await figures(world)
    assert (found["wegwijs_waitingkcc"], found["wegwijs_queue_age_secondskcc"]) == (1, 90)
    assert found["wegwijs_timer_lateness_seconds"] == 0
    world.time += timedelta(seconds=120)
    assert (await figures(world))["wegwijs_timer_lateness_seconds"] == 30  # three minutes of waiting were reported by nobody
    await world.performer.work_off()
    assert (await figures(world))["wegwijs_timer_lateness_seconds"] == 0


async def test_handovers_that_fail_are_counted_by_why(world):
    id, _ = await world.begins()
    await world.performer.perform(id, ev.NobodyAvailable("request", world.time, True))
    await world.performer.perform(id, ev.NobodyAvailable("request", world.time, False))  # closed: nobody expects anybody
    await world.performer.perform(id, ev.HumanAsked("kcc", "request"))
    await world.performer.perform(id, ev.Claimed(ANJA))
    await world.performer.perform(id, ev.StaffLost(ANJA.staff))
    world.time += timedelta(minutes=11)
    for _ in range(2):
        await world.performer.work_off()
    found = await figures(world)
    whys = ("nobody_available", "staff_lost", "nobody_came")
    assert [found[f"wegwijs_handovers_failed_total{why}"] for why in whys] == [1, 1, 1]


async def test_turns_answers_and_failures(world):
    id, fatma = await world.begins()
    await world.performer.perform(id, ev.Said("Hallo"))
    await fatma.hears()
    await world.bot.answers("Dag!")
    await fatma.hears()
    await world.performer.perform(id, ev.Said("Hallo?"))
    await fatma.hears()
    (await world.bot.asked.get())[1].set_exception(BotError("gone"))
    await fatma.hears()
    with pytest.raises(Refused):
        await world.performer.perform(id, ev.Claimed(Person(ANJA.staff, "Anja")))
    found = await figures(world)
    assert found["wegwijs_turn_seconds_count"] == 4  # what was refused is no turn
    assert (found["wegwijs_bot_answer_seconds_count"], found["wegwijs_bot_failures_total"]) == (1, 1)


async def test_what_could_not_be_stored_is_counted(world, monkeypatch):
    id, _ = await world.begins()

    async def full(*_args, **_kwargs):
        raise Unavailable

    monkeypatch.setattr(world.store, "commit", full)
    with pytest.raises(Unavailable):
        await world.performer.perform(id, ev.Said("Hallo"))
    assert (await figures(world))["wegwijs_unavailable_total"] == 1


async def test_the_age_of_the_outbox_if_there_is_one(world):
    assert "wegwijs_outbox_age_seconds" not in await figures(world)
    world.performer.metrics.outbox_age = lambda: asyncio.sleep(0, 12.5)
    assert (await figures(world))["wegwijs_outbox_age_seconds"] == 12.5


async def test_a_database_that_is_away_leaves_the_other_figures(world, monkeypatch):
    async def away():
        raise Unavailable

    monkeypatch.setattr(world.store, "waiting_by_team", away)
    assert "wegwijs_turn_seconds_count" in await figures(world)


def test_the_dashboard_and_the_alerts_ask_for_figures_that_exist():
    made = Metrics()
    known = {sample.name for family in made._registry.collect() for sample in family.samples}
    known |= {family.name + ending for family in made._registry.collect() for ending in ("", "_total", "_bucket", "_count", "_sum")}
    known |= {
        "wegwijs_waiting",
        "wegwijs_queue_age_seconds",
        "wegwijs_timer_lateness_seconds",
        "wegwijs_retention_late",
        "wegwijs_retention_ran_seconds",
    }
    known |= {"wegwijs_outbox_age_seconds"}
    dashboard = json.loads((ROOT / "deploy" / "grafana.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    alerts = yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text())
    asked += [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]
    assert len(asked) > 20
    for expression in asked:
        names = {word for word in "".join(c if c.isalnum() or c == "_" else " " for c in expression).split() if word.startswith("wegwijs_")}
        assert names <= known, expression


def test_what_runs_it_is_well_formed():
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yml").read_text())
    assert set(compose["services"]) == {"database", "redis", "wegwijs"}
    for line in Path(ROOT / "deploy" / "wegwijs.env").read_text().splitlines():
        assert line.startswith(("#", "WEGWIJS_"))


# Traces


@pytest.fixture
def collector():
    """What an OTLP collector was sent."""
    bodies = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}", bodies
    server.shutdown()
    serving.join(5)
    server.server_close()


async def test_a_trace_says_where_the_time_of_a_turn_went_and_never_what_was_said(world, collector):
    url, bodies = collector
    id, fatma = await world.begins()
    tracing.start_tracing(url)
    try:
        await world.performer.perform(id, ev.Said("Een geheim"))
        await fatma.hears()
        await world.bot.answers("Dag!")
        await fatma.hears()
    finally:
        await asyncio.to_thread(tracing.stop_tracing)
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    sent = [ExportTraceServiceRequest.FromString(body) for path, body in bodies if path == "/v1/traces"]
    spans = [span for one in sent for resource in one.resource_spans for scope in resource.scope_spans for span in scope.spans]
    assert {"turn", "commit", "bot"} <= {span.name for span in spans}
    turn = next(span for span in spans if span.name == "turn")
    assert any(span.parent_span_id == turn.span_id for span in spans if span.name == "commit")
    assert str(id) in str(turn)
    assert not any(b"geheim" in body for _, body in bodies)


async def test_without_tracing_nothing_is_sent(world, collector):
    id, _ = await world.begins()
    await world.performer.perform(id, ev.Said("Hallo"))
    assert collector[1] == []
