"""The desk: whether people can be reached, through which team, and if not, when."""

from collections.abc import Callable
from datetime import datetime

from handover.content.library import Library
from handover.conversation.calls import VOICE
from handover.conversation.conversation import Conversation
from handover.conversation.events import HumanAsked, NobodyAvailable
from handover.conversation.states import State
from handover.staff.presence import Presence


class PhoneDesk:
    """What callers can reach: colleagues at the telephone, who are there in opening hours, whether they look at a console or not."""

    def __init__(self, desk: "Desk", library: Library) -> None:
        self._desk, self._library = desk, library

    def now(self) -> datetime:
        return self._desk.now()

    def open(self) -> bool:
        return self._desk.open()

    def reachable(self) -> bool:
        return self._desk.open() and self._library.facts.transfer(None) is not None

    def opens_at(self) -> datetime:
        return self._desk.opens_at()


class Desk:
    """What actions and the conversation may know of staff."""

    def __init__(self, library: Library, presence: Presence, now: Callable[[], datetime]) -> None:
        self._library, self._presence, self.now = library, presence, now
        self.by_phone = PhoneDesk(self, library)

    def open(self) -> bool:
        return self._library.facts.hours.is_open(self.now())

    def reachable(self) -> bool:
        """Open, and somebody is available."""
        return self.team_for(None) is not None

    def opens_at(self) -> datetime:
        """When the desk opens next (UTC)."""
        return self._library.facts.hours.opens_at(self.now())

    def team_for(self, topic: str | None) -> str | None:
        """The topic's own team if somebody of it is available, else the first team, else whoever is there; None: nobody."""
        if not self.open():
            return None
        teams = [self._library.team_for(topic), self._library.facts.default_team]
        teams += [team for colleague in self._presence.available(self.now()) for team in colleague.teams]
        return next((team for team in teams if self._presence.available(self.now(), team)), None)

    async def be_sure(self) -> None:
        """Who is there, also according to the other processes."""
        await self._presence.be_sure(self.now())

    def human_asked(
        self, conversation: Conversation, reason: str, label: str | None = None, id: str | None = None
    ) -> HumanAsked | NobodyAvailable | None:
        """What asking for a person comes to now; None if a person is coming or is there already."""
        if conversation.state in (State.WAITING, State.STAFF):
            return None
        if conversation.channel == VOICE:
            if self.by_phone.reachable():
                return HumanAsked(self._library.team_for(conversation.topic), reason)
            return NobodyAvailable(reason, self.opens_at(), self.open())
        team = self.team_for(conversation.topic)
        if team:
            return HumanAsked(team, reason, label, id)
        return NobodyAvailable(reason, self.opens_at(), self.open(), label, id)
