"""Who must hear of a conversation."""

from typing import Any
from uuid import UUID, uuid4

from handover.hub import Hub


class Console:
    def __init__(self, *listed: UUID) -> None:
        self.listed = set(listed)


def test_a_console_that_lists_a_conversation_hears_of_it_like_one_that_has_it_open() -> None:
    """Else the row stays when the bell for what took it away was lost: found by the chaos suite."""
    hub, listed, other = Hub(), uuid4(), uuid4()
    console: Any = Console(listed)
    hub.consoles.add(console)
    assert hub.listens(listed)
    assert not hub.listens(other)
    assert hub.open_here() == {listed}
    console.listed.discard(listed)
    assert not hub.listens(listed)
