"""What is quick gives what it stands in for: the same way through the graph, the same verdict on an action's result."""

import pytest
from bot.quiet import quiet

quiet()
from bot import faster  # noqa: E402
from bot.graph import PlannedGraphRunner  # noqa: E402
from bot.light import Moved  # noqa: E402
from rasa.core.actions.action import RemoteAction  # noqa: E402
from rasa.engine.exceptions import GraphRunError  # noqa: E402
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema, SchemaNode  # noqa: E402
from rasa.engine.runner.dask import DaskGraphRunner  # noqa: E402
from rasa.shared.core.events import Event, SlotSet  # noqa: E402


class Adds(GraphComponent):
    calls = 0

    @classmethod
    def create(cls, config, model_storage, resource, execution_context):
        return cls()

    def add(self, a: int, b: int) -> int:
        Adds.calls += 1
        return a + b


def graph() -> GraphSchema:
    def node(**needs: str) -> SchemaNode:
        return SchemaNode(needs=needs, uses=Adds, fn="add", constructor_name="create", config={}, eager=True)

    return GraphSchema({"twice": node(a="given", b="given"), "more": node(a="twice", b="given"), "all": node(a="more", b="twice")})


@pytest.fixture
def runners():
    shipped = DaskGraphRunner.create(graph(), None, ExecutionContext(graph()))
    return shipped, PlannedGraphRunner(shipped)


@pytest.mark.parametrize("targets", [["all"], ["more"], ["more", "all"], ["twice"]])
def test_the_walk_gives_what_dask_gives(runners, targets):
    shipped, planned = runners
    for given in (1, 5):
        assert planned.run({"given": given}, targets) == shipped.run({"given": given}, targets)


def test_a_node_runs_once_and_only_if_it_is_needed(runners):
    Adds.calls = 0
    assert runners[1].run({"given": 2}, ["more"]) == {"more": 6}
    assert Adds.calls == 2


def test_a_wrong_input_is_an_error_as_with_dask(runners):
    for runner in runners:
        with pytest.raises(GraphRunError):
            runner.run({}, ["all"])
    with pytest.raises(GraphRunError):
        runners[1].run({"twice": 1}, ["all"])


def test_it_notices_that_the_runner_changed(runners, monkeypatch):
    monkeypatch.setattr(DaskGraphRunner, "run", lambda self, other: None)
    with pytest.raises(Moved):
        PlannedGraphRunner(runners[0])


SLOT = {"event": "slot", "timestamp": None, "name": "topic", "value": {"a": [1]}}


@pytest.mark.parametrize(
    "result",
    [
        {"events": [SLOT], "responses": [{"custom": {}}]},
        {"events": [], "responses": []},
        {"events": [{**SLOT, "timestamp": 1.5}], "responses": []},
        {"events": [{**SLOT, "timestamp": "x"}], "responses": []},
        {"events": [{"event": "slot", "name": 5, "value": 1}], "responses": []},
        {"events": [{"event": "slot", "name": "topic"}], "responses": []},
        {"events": [{"event": "action", "name": "x"}], "responses": []},
        {"events": [{"name": "topic", "value": 1}], "responses": []},
        {"events": [{**SLOT, "other": 1}], "responses": []},
        {"events": {}, "responses": []},
        {"events": [], "responses": [5]},
        {"responses": []},
        [],
    ],
)
def test_what_is_plain_is_what_rasas_schema_allows(result):
    """Plain means allowed; what is not plain may be either."""
    if faster.is_plain(result):
        assert RemoteAction("action_answer", None)._validate_action_result(result)


def test_what_our_actions_send_is_plain():
    assert faster.is_plain({"events": [SLOT], "responses": [{"text": None, "custom": {"turn": {}}}]})


def test_event_types_are_found_once(monkeypatch):
    shipped = Event.resolve_by_type
    monkeypatch.setattr(Event, "resolve_by_type", staticmethod(shipped))
    faster.remember_event_types()
    assert Event.resolve_by_type("slot", None) is SlotSet
    with pytest.raises(ValueError, match="Unknown event"):
        Event.resolve_by_type("nothing", None)
    assert Event.from_parameters({"event": "slot", "name": "topic", "value": 1}) == SlotSet("topic", 1)


def test_it_notices_that_events_changed(monkeypatch):
    monkeypatch.delattr(Event, "resolve_by_type")
    with pytest.raises(Moved):
        faster.remember_event_types()
