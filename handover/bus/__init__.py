"""What the processes of one installation tell each other, and what they decide together.

The bus is only the bell. It says that something changed, never what: that is read from the store, where it was durable
before the bell rang. So a message that is lost costs time and no turn. `Alone` is for one process, `RedisBus` for several.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

Heard = Callable[[dict[str, Any]], Awaitable[None] | None]


class Bus(Protocol):
    shared: bool  # there may be other processes

    @property
    def up(self) -> bool:
        """Whether what is told is heard at once. If not, look into the store now and then."""

    async def start(self, installation: str) -> None:
        """`installation`: what the processes that belong together have in common; others never hear us."""

    async def stop(self) -> None: ...

    def on(self, kind: str, heard: Heard) -> None:
        """`heard` is called with what another process told. Kind `gap`: messages may have been lost before this moment."""

    def tell(self, kind: str, **what: Any) -> None:
        """Tells all other processes. Never waits, never raises."""

    async def elected(self, task: str, seconds: float) -> bool:
        """Whether this process does `task` for the next `seconds`. True for all when they cannot agree."""

    async def take(self, name: str, key: str, burst: float, per_second: float) -> bool | None:
        """Takes one from the bucket that all processes share; False: it is empty. None: decide alone."""

    async def tried(self, name: str, key: str, window: float) -> int | None:
        """Notes a try; how many there were before it within `window` seconds, over all processes. None: decide alone."""

    async def untried(self, name: str, key: str) -> None:
        """Takes the last try back."""

    async def joined(self, conversation: str, socket: str, at_most: int) -> list[str]:
        """Notes a socket; the oldest ones of this conversation, over all processes, that are too many now."""

    async def left(self, conversation: str, socket: str) -> None: ...


class Alone:
    """The bus of a single process: nobody else is there."""

    shared = False
    up = True

    async def start(self, installation: str) -> None:
        pass

    async def stop(self) -> None:
        pass

    def on(self, kind: str, heard: Heard) -> None:
        pass

    def tell(self, kind: str, **what: Any) -> None:
        pass

    async def elected(self, task: str, seconds: float) -> bool:
        return True

    async def take(self, name: str, key: str, burst: float, per_second: float) -> bool | None:
        return None

    async def tried(self, name: str, key: str, window: float) -> int | None:
        return None

    async def untried(self, name: str, key: str) -> None:
        pass

    async def joined(self, conversation: str, socket: str, at_most: int) -> list[str]:
        return []

    async def left(self, conversation: str, socket: str) -> None:
        pass
