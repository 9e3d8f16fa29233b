"""Runs Rasa's graph in an order that is worked out once. Rasa rebuilds the graph and hands it to Dask three times a turn.

Same nodes, same inputs, same errors; only what is done at every call to find out the order is gone.
"""

import inspect
from typing import Any, Dict, List, Optional, Tuple

from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import GraphNode, GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner

from bot.light import Moved

Plan = List[Tuple[str, GraphNode, Tuple[str, ...]]]  # node, what it calls, the nodes and inputs that it needs


class PlannedGraphRunner:
    """Does what `runner` does, with its nodes, after a plan for each set of targets."""

    def __init__(self, runner: DaskGraphRunner) -> None:
        if list(inspect.signature(DaskGraphRunner.run).parameters) != ["self", "inputs", "targets"]:
            raise Moved("DaskGraphRunner.run")
        try:
            self._schema: GraphSchema = runner._graph_schema
            self.nodes: Dict[str, GraphNode] = runner._instantiated_nodes
        except AttributeError as error:
            raise Moved(f"DaskGraphRunner: {error}") from None
        self._plans: Dict[Tuple[str, ...], Plan] = {}

    def run(self, inputs: Optional[Dict[str, Any]] = None, targets: Optional[List[str]] = None) -> Dict[str, Any]:
        wanted = tuple(targets or self._schema.target_names)
        plan = self._plans.get(wanted)
        if plan is None:
            plan = self._plans[wanted] = self._plan(wanted)
        inputs = inputs or {}
        for name in inputs:
            if name in self._schema.nodes:
                raise GraphRunError(f"Input value '{name}' clashes with a node name.")
        done: Dict[str, Any] = {name: (name, value) for name, value in inputs.items()}
        for name, node, needs in plan:
            # an input that nobody gave is handed on by its name, as Dask does: the node says what it misses
            done[name] = node(*(done.get(need, need) for need in needs))
        return dict(done[name] for name in wanted)

    def _plan(self, targets: Tuple[str, ...]) -> Plan:
        """What `targets` need, each after what it needs itself."""
        plan: Plan = []
        seen = set()

        def add(name: str) -> None:
            if name in seen or name not in self._schema.nodes:
                return
            seen.add(name)
            needs = tuple(self._schema.nodes[name].needs.values())
            for need in needs:
                add(need)
            plan.append((name, self.nodes[name], needs))

        for target in targets:
            add(target)
        return plan
