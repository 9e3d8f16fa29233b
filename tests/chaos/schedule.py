"""One world in which everything that could happen at once does, in an order that a seed decides.

Two processes share a real store. Their ways into it are gates: whoever wants to load or to commit waits there until the
schedule lets them. So each order of loads, commits, answers and bells can come up, and the same seed gives the same one.
"""

import asyncio
import contextlib
import inspect
import random
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from handover.channels.console import messages as staff_frames
from handover.channels.console.socket import Consoles, ConsoleSocket, Origin
from handover.channels.web import messages as frames
from handover.channels.web.identity import Identities
from handover.channels.web.socket import Residents, ResidentSocket
from handover.codes import Codes
from handover.content.library import Library
from handover.conversation.conversation import AskBot, Conversation, Refused, Turn
from handover.conversation.events import BotReply, BotTurn
from handover.history.people import People
from handover.history.store import Store
from handover.hub import Hub
from handover.perform import Performer
from handover.rasa import Bot, BotError
from handover.staff.accounts import Member as StaffMember
from handover.staff.desk import Desk
from handover.staff.presence import Presence
from tests.chaos.checker import check_numbers, check_owners, check_view
from tests.chaos.room import Room

ANSWER = "Antwoord van de assistent"
STAFF = (("Anja", UUID(int=1)), ("Bram", UUID(int=2)))
SETTLE = 16  # quiet turns of the loop after which everybody who can go on has reached the next gate


class Gates:
    """Where the schedule holds up whoever wants to pass."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._inside = 0
        self._empty = asyncio.Event()  # set while nobody is inside
        self._empty.set()
        self.open = False  # everybody may pass: the world is over

    @contextlib.asynccontextmanager
    async def gate(self, name: str) -> AsyncIterator[None]:
        if not self.open:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((name, turn))
            await turn
        async with self.inside():
            yield

    @contextlib.asynccontextmanager
    async def inside(self) -> AsyncIterator[None]:
        """The schedule waits until whoever is inside is out again."""
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    async def settle(self) -> None:
        """Until everybody waits at a gate, or for something that only the schedule brings."""
        quiet = 0
        while quiet < SETTLE:
            await asyncio.sleep(0)
            quiet += 1
            if self._inside:
                await self._empty.wait()  # to look again and again would keep the store's threads from their work
                quiet = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def let_one_pass(self) -> str:
        name, turn = self._waiting.pop(self._chance.randrange(len(self._waiting)))
        turn.set_result(None)
        return name

    def open_all(self) -> None:
        self.open = True
        while self._waiting:
            self._waiting.pop()[1].set_result(None)


GATED = ("load", "since", "version", "versions", "commit", "receipt", "turns_after_pos", "turns_after_seq")


class GatedStore:
    """The store, with a gate before each way in that the performer uses. Other worlds are in it too, and are not seen."""

    def __init__(self, world: "World") -> None:
        self._world, self._store, self._gates = world, world.store, world.gates

    async def due(self, now: datetime) -> list[UUID]:
        async with self._gates.gate("due"):
            found = await self._store.load(self._world.conversation)
        return [found[0].id] if found and found[0].due_at and found[0].due_at <= now else []

    async def queue(self, team: str) -> list[tuple[UUID, int]]:
        found = await self._store.load(self._world.conversation)
        return [(found[0].id, found[0].epoch)] if found and found[0].state == "waiting" else []

    async def versions_with_people(self) -> dict[UUID, int]:
        found = await self._store.load(self._world.conversation)
        return {found[0].id: found[0].version} if found and found[0].state in ("waiting", "staff") else {}

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def gated(*args: Any, **kwargs: Any) -> Any:
            async with self._gates.gate(name) if name in GATED else self._gates.inside():
                return await found(*args, **kwargs)

        return gated


class LateBot(Bot):
    """Answers when the schedule says so, or fails."""

    def __init__(self) -> None:
        self.answer_limit = 3600.0
        self.asked: list[asyncio.Future[BotReply]] = []
        self.in_time = False  # from now on it answers at once

    async def ask(self, conversation: UUID, language: str, asked: AskBot) -> BotReply:
        self.asked.append(asyncio.get_running_loop().create_future())
        if self.in_time:
            self.asked[-1].set_result(_reply())
        return await self.asked[-1]


def _reply() -> BotReply:
    return BotReply([BotTurn(kind="answer", text=ANSWER)], {"slots": {}, "loop": None}, {})


class NoSocket:
    """The other end, which never sends: what was pushed is looked at instead."""

    async def recv(self) -> None:
        await asyncio.Event().wait()

    async def send(self, frame: str) -> None:
        pass

    async def close(self, code: int, reason: str) -> None:
        pass


class Process:
    """A service process as far as conversations go."""

    def __init__(self, world: "World", room: Room) -> None:
        bus = room.member()
        store: Any = GatedStore(world)
        self.hub, self.presence = Hub(bus), Presence(store, world.now(), bus)
        self.bot = LateBot()
        self.performer = Performer(store, self.hub, self.bot, world.library, world.now, bus)
        desk = Desk(world.library, self.presence, world.now)
        self.performer.hand_over = desk.human_asked
        codes = Codes(world.store, world.now)
        self.consoles = Consoles(
            self.performer, store, self.hub, self.presence, world.library, codes, "http://127.0.0.1", bus=bus, calls=False
        )
        nobody = Identities(None, None, "http://127.0.0.1")
        self.residents = Residents(self.performer, store, self.hub, desk, world.library, nobody, People(world.store), codes, calls=False)


class Fatma(ResidentSocket):
    """One of the resident's sockets, and what came out of it."""

    def __init__(self, process: Process) -> None:
        self.got: list[dict[str, Any]] = []
        super().__init__(NoSocket(), process.residents, _may, "::1")  # type: ignore[arg-type]

    def push(self, frame: dict[str, Any]) -> None:
        self.got.append(frame)

    @property
    def seen(self) -> list[dict[str, Any]]:
        welcomed = [turn for frame in self.got if frame["type"] == "welcome" for turn in frame["turns"]]
        return welcomed + [frame["turn"] for frame in self.got if frame["type"] == "turn"]


class Colleague(ConsoleSocket):
    def __init__(self, process: Process, name: str, id: UUID) -> None:
        self.got: list[dict[str, Any]] = []
        member = StaffMember(id, name, "medewerker", ("kcc",), "nl", b"x" * 32)
        super().__init__(NoSocket(), process.consoles, member, Origin("::1", "r"))
        process.hub.consoles.add(self)
        self._held = None

    def push(self, frame: dict[str, Any]) -> None:
        self.got.append(frame)

    async def _alive(self, status: Any = None) -> None:
        pass  # who is there does not change in this world

    async def _audit(self, action: str, object: UUID, result: str) -> None:
        pass


async def _may() -> bool:
    return True


class World:
    """One conversation on two processes."""

    def __init__(self, store: Store, library: Library, seed: int, now: datetime) -> None:
        self.seed, self.chance = seed, random.Random(seed)
        self.store, self.library = store, library
        self._now = now
        self.gates, self.room = Gates(self.chance), Room(self.chance)
        self.processes = [Process(self, self.room) for _ in range(2)]
        self.tasks: set[asyncio.Task[Any]] = set()
        self.sockets: list[Fatma] = []
        self.colleagues = [Colleague(self.chance.choice(self.processes), *one) for one in STAFF]
        self.sent: dict[str, str] = {}  # the resident's ids and texts
        self.token, self.conversation = "", UUID(int=0)
        self.trace: list[str] = []

    def now(self) -> datetime:
        return self._now

    # What can happen

    async def plays(self) -> None:
        """From the greeting to the last word; raises AssertionError with the seed if anything is not as it must be."""
        await self._opens()
        acts = self._script()
        for _ in range(400):
            await self.gates.settle()
            possible = self._possible(acts)
            if not possible:
                break
            name, act = self.chance.choice(possible)
            self.trace.append(name)
            act()
        await self._ends()

    async def _opens(self) -> None:
        self.gates.open = True
        for process in self.processes:
            for name, id in STAFF:
                process.presence._learn(id, name, ("kcc",), "available", self._now)
        first = Fatma(self.chance.choice(self.processes))
        await first._welcome(frames.Hello())
        self.sockets.append(first)
        self.token, self.conversation = first.got[0]["token"], UUID(first.got[0]["conversation"])
        self.gates.open = False

    def _script(self) -> list[tuple[str, Callable[[], Any]]]:
        """What the people of this world want to do, in any order; the bot's answers come when they come."""
        acts: list[tuple[str, Callable[[], Any]]] = [("says", self._says), ("human", self._human)]
        acts += self._each("claims", self._claim)
        acts += self.chance.choices([
            ("says", self._says), ("human", self._human), ("leaves", lambda: self._fatma(frames.Leave(uuid4()))),
            ("comes back", self._comes_back), ("again", self._repeats), ("time", self._time_passes), ("clock jumps", self._clock_jumps),
            *self._each("claims", self._claim), *self._each("replies", self._reply),
            *self._each("opens", lambda: staff_frames.Open(id=uuid4(), conversation=self.conversation)),
            *self._each("returns", lambda: staff_frames.Return(id=uuid4(), conversation=self.conversation)),
        ], k=self.chance.randint(4, 12))  # fmt: skip
        self.chance.shuffle(acts)
        return acts

    def _each(self, what: str, frame: Callable[[], Any]) -> list[tuple[str, Callable[[], Any]]]:
        """The same of each colleague."""

        def act(one: Colleague) -> Callable[[], None]:
            return lambda: self._does(one, frame())

        return [(f"{what} {one.member.name}", act(one)) for one in self.colleagues]

    def _possible(self, acts: list[tuple[str, Callable[[], Any]]]) -> list[tuple[str, Callable[[], Any]]]:
        possible: list[tuple[str, Callable[[], Any]]] = []
        if acts:
            possible.append((acts[0][0], lambda: acts.pop(0)[1]()))
        if len(self.gates):
            possible += [("gate", self.gates.let_one_pass)] * 2
        if len(self.room):
            possible.append(("bell", self._rings))
        if any(not answer.done() for process in self.processes for answer in process.bot.asked):
            possible.append(("answer", self._answers))
        return possible

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)

    def _fatma(self, frame: Any) -> None:
        self._spawn(self.chance.choice(self.sockets)._handle(frame))

    def _says(self) -> None:
        frame = frames.Message(uuid4(), f"zin {len(self.sent)}")
        self.sent[str(frame.id)] = frame.text
        self._fatma(frame)

    def _repeats(self) -> None:
        """The same frame once more, perhaps to the other process, as after a lost connection."""
        if self.sent:
            id, text = self.chance.choice(list(self.sent.items()))
            self._fatma(frames.Message(UUID(id), text))

    def _human(self) -> None:
        self._fatma(frames.Human(uuid4()))

    def _comes_back(self) -> None:
        socket = Fatma(self.chance.choice(self.processes))
        after = self.chance.randint(0, max((turn["seq"] for one in self.sockets for turn in one.seen), default=0))

        async def welcome() -> None:
            if await socket._welcome(frames.Hello(token=self.token, after=after)):
                self.sockets.append(socket)

        self._spawn(welcome())

    def _claim(self) -> Any:
        return staff_frames.Claim(id=uuid4(), conversation=self.conversation)

    def _reply(self) -> Any:
        return staff_frames.Reply(id=uuid4(), conversation=self.conversation, text="Goedemiddag")

    def _does(self, colleague: Colleague, frame: Any) -> None:
        self._spawn(colleague._handle(frame))

    def _time_passes(self) -> None:
        self._now += timedelta(seconds=5)
        self._spawn(self.chance.choice(self.processes).performer.work_off())

    def _clock_jumps(self) -> None:
        self._now += timedelta(seconds=self.chance.choice([-3600, -10, 10, 120]))
        self._spawn(self.chance.choice(self.processes).performer.work_off())

    def _rings(self) -> None:
        if (waiting := self.room.deliver()) is not None:
            self._spawn(waiting)

    def _answers(self) -> None:
        asked = [answer for process in self.processes for answer in process.bot.asked if not answer.done()]
        answer = self.chance.choice(asked)
        if self.chance.random() < 0.15:
            answer.set_exception(BotError("gone"))
        else:
            answer.set_result(_reply())

    # What must be so afterwards

    async def _ends(self) -> None:
        """Lets everything that is under way end, and both processes look round once, as they do all the time."""
        self.gates.open_all()
        for process in self.processes:
            process.bot.in_time = True
            for answer in process.bot.asked:
                if not answer.done():
                    answer.set_result(_reply())
        async with self._in_time():
            while pending := self.tasks | {task for process in self.processes for task in process.performer._tasks}:
                results = await asyncio.gather(*pending, return_exceptions=True)
                await asyncio.sleep(0)  # tasks that had all ended let nobody else run, and so never left the set
                self.tasks -= pending
                failed = [result for result in results if isinstance(result, Exception) and not isinstance(result, Refused)]
                assert not failed, f"seed {self.seed}: {failed[0]!r} after {self.trace}"
            for process in self.processes:
                await process.performer.mend()
                await process.performer.catch_up()
        turns = await self.store.turns_after_pos(self.conversation, 0)
        found = await self.store.load(self.conversation)
        assert found is not None
        try:
            self._check(found[0], turns)
        except AssertionError as wrong:
            raise AssertionError(f"seed {self.seed}: {wrong}\nafter {self.trace}\n{[(t.pos, t.author, t.text) for t in turns]}") from wrong
        finally:
            for socket in [*self.sockets, *self.colleagues]:
                socket._sender.cancel()

    @contextlib.asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(240):
                yield
        except TimeoutError:
            stuck = [repr(task.get_coro()) for task in self.tasks if not task.done()]
            raise AssertionError(f"seed {self.seed}: something never ends: {stuck} after {self.trace}") from None

    def _check(self, c: Conversation, turns: list[Turn]) -> None:
        seen = check_numbers(c, turns)
        check_owners(self.library, seen, [name for name, _ in STAFF])
        said = {turn.data.get("id") for turn in seen}
        for socket in self.sockets:
            acked = {frame["id"] for frame in socket.got if frame["type"] == "ack"} & set(self.sent)
            assert acked <= said, "an acknowledged message is lost"
            check_view(socket.seen, seen)
        for colleague in self.colleagues:
            self._check_colleague(c, colleague)

    def _check_colleague(self, c: Conversation, one: Colleague) -> None:
        last = 0  # the last `pos` that the console shows: from a turn, or from the whole story when it opened it
        for frame in one.got:
            if frame["type"] == "context":
                last = max(last, frame["turns"][-1]["pos"])
            elif frame["type"] == "turn":
                assert last in (0, frame["turn"]["pos"] - 1), f"{one.member.name} saw {frame['turn']['pos']} after {last}"
                last = frame["turn"]["pos"]
        assert last in (0, c.pos), f"{one.member.name} saw up to {last} of {c.pos}"
        owned = c.owner is not None and c.owner.staff == one.staff
        assert (c.id in one.listed) == (c.state == "waiting" or owned), f"{one.member.name} sees a list that is not so"
        told = [frame for frame in one.got if frame["type"] == "conversation"]
        if c.id in one.listed:
            assert (told[-1]["state"], told[-1]["epoch"]) == (c.state.value, c.epoch), "the list is behind"
