"""Everything that is kept of one resident, or of one conversation: for who asks to see it (PRV-6), as data and as text.

Other people's data is not in it: who works for the municipality is shown by role, also where a name stands in what was
said. Two readers: the resident, who sees what they could see and what was reported of it; and the officer who answers a
request, who also gets notes and who read it when.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, or_, select

from handover.conversation.privacy import without_contact_details
from handover.history import tables
from handover.history.people import PURPOSE
from handover.history.store import OPEN_CALLBACKS
from handover.history.vault import Scheme, Vault

Json = dict[str, Any]
Say = Callable[..., str]  # a key of the municipality's texts, and values → the text
Reader = Literal["resident", "officer"]
ROLE = {"nl": "een medewerker", "en": "a member of staff"}
FROM = {"resident": "resident", "bot": "assistant", "staff": "employee", "system": "municipality"}
CONVERSATIONS_AT_MOST = 2_000  # in one dossier


@dataclass(frozen=True)
class Dossier:
    """`person`: who it is known to be, if that is known."""

    person: Json | None
    conversations: list[Json]

    def data(self, made_at: datetime) -> Json:
        return {"made_at": made_at.isoformat(), "person": self.person, "conversations": self.conversations}


# Which


def by_reference(connection: Connection, reference: str) -> list[UUID]:
    """Of the conversation, or of one of its contact moments: people are told either."""
    rows, moments = tables.conversation.c, tables.segment.c
    of_moment = select(moments.conversation_id).where(moments.reference == reference)
    return list(connection.scalars(select(rows.id).where(or_(rows.reference == reference, rows.id.in_(of_moment)))))


def person_by(connection: Connection, vault: Vault, scheme: Scheme, value: str) -> UUID | None:
    """Who was verified by this; never who only typed it."""
    rows = tables.identity.c
    found: UUID | None = connection.scalar(select(rows.person_id).where(rows.scheme == scheme, rows.lookup == vault.lookup(scheme, value)))
    return found


def of_person(connection: Connection, person: UUID) -> list[UUID]:
    """Their conversations, newest first."""
    rows = tables.conversation.c
    query = select(rows.id).where(rows.person_id == person).order_by(rows.created_at.desc()).limit(CONVERSATIONS_AT_MOST)
    return list(connection.scalars(query))


# What


def collect(
    connection: Connection, vault: Vault, ids: Sequence[UUID], person: UUID | None, reader: Reader, *, redacted: bool = False
) -> Dossier:
    """`redacted`: without telephone numbers, mail addresses and addresses in what was said (a Woo request)."""
    conversations = [one for id in ids if (one := _conversation(connection, vault, id, reader, redacted=redacted))]
    return Dossier(None if redacted else _person(connection, vault, person), conversations)


def _person(connection: Connection, vault: Vault, person: UUID | None) -> Json | None:
    since = connection.scalar(select(tables.person.c.created_at).where(tables.person.c.id == person)) if person else None
    if since is None:
        return None
    rows = tables.identity.c
    known = connection.execute(select(tables.identity).where(rows.person_id == person).order_by(rows.scheme)).all()
    identities = [
        {"kind": row.scheme, "value": vault.decrypt(row.value, PURPOSE), "level": row.level, "verified_at": _moment(row.verified_at)}
        for row in known
    ]  # fmt: skip
    return {"known_since": _moment(since), "identities": identities}


def _conversation(connection: Connection, vault: Vault, id: UUID, reader: Reader, *, redacted: bool) -> Json | None:
    row = connection.execute(select(tables.conversation).where(tables.conversation.c.id == id)).first()
    if row is None:
        return None
    body = row.body
    of = _Of(connection, id, body.get("language", "nl"), redacted=redacted)
    timers = body.get("timers", {})
    found: Json = {
        "id": str(id), "reference": row.reference, "channel": body["channel"], "language": body.get("language", "nl"), "state": row.state,
        "began_at": _moment(row.created_at), "closed_at": _moment(row.closed_at), "page": None if redacted else body.get("page"),
        "kept": {
            "as": row.kept_as, "legal_basis": row.legal_basis, "words_until": timers.get("transcript") or timers.get("destroy"),
            "destroyed_at": _moment(row.destroy_at), "held_since": _moment(row.held_at),
        },
        "moments": of.moments(), "turns": of.turns(reader), "callbacks": [] if redacted else of.callbacks(),
        "details": [] if redacted else of.details(vault), "rating": of.rating(body.get("rating")),
    }  # fmt: skip
    if reader == "officer":
        found |= {"held_for": row.held_for, "handovers": of.handovers(), "reports": of.reports(), "read_by_staff": of.readings()}
    return found


class _Of:
    """What belongs to one conversation."""

    def __init__(self, connection: Connection, id: UUID, language: str, *, redacted: bool) -> None:
        self._connection, self._id, self._role, self._redacted = connection, id, ROLE.get(language, ROLE["nl"]), redacted
        self._staff = _pattern(self._names())

    def _rows(self, table: Any, *order: Any) -> Sequence[Any]:
        return self._connection.execute(select(table).where(table.c.conversation_id == self._id).order_by(*order)).all()

    def _names(self) -> set[str]:
        """Of everybody of the municipality who took part."""
        parts, turns, reports = tables.participant.c, tables.turn.c, tables.wrap_up.c
        names = select(parts.name).where(parts.conversation_id == self._id, parts.kind == "staff")
        wrote = select(turns.name).where(turns.conversation_id == self._id, turns.author == "staff")
        reported = select(reports.by_name).where(reports.conversation_id == self._id)
        return {name for query in (names, wrote, reported) for name in self._connection.scalars(query) if name}

    def text(self, text: str | None) -> str | None:
        """Without names of staff."""
        if not text:
            return text
        shown = self._staff.sub(self._role, text) if self._staff else text
        return without_contact_details(shown) if self._redacted else shown

    def moments(self) -> list[Json]:
        return [
            {
                "reference": row.reference, "subject": row.subject, "channel": row.channel, "began_at": _moment(row.started_at),
                "ended_at": _moment(row.ended_at), "question": self.text(row.question), "report": self.text(row.summary),
                "answer": self.text(row.answer), "answered_by": self.text(row.by), "outcome": row.outcome,
                "promised": self.text(row.promised),
            }
            for row in self._rows(tables.segment, tables.segment.c.number)
        ]  # fmt: skip

    def turns(self, reader: Reader) -> list[Json]:
        seen = [row for row in self._rows(tables.turn, tables.turn.c.pos) if reader == "officer" or row.seq is not None]
        return [
            {
                "at": _moment(row.at), "from": FROM[row.author], "text": self.text(row.text), "topic": row.topic,
                **({"link": row.data["link"]} if "link" in row.data else {}),
                **({"note": True} if row.note else {}), **({"not_shown": True} if row.suppressed else {}),
            }
            for row in seen
        ]  # fmt: skip

    def callbacks(self) -> list[Json]:
        return [
            {
                "id": str(row.id), "status": row.status, "open": row.status in OPEN_CALLBACKS, "phone": row.phone, "name": row.name,
                "question": self.text(row.question), "asked_at": _moment(row.created_at), "changed_at": _moment(row.changed_at),
            }
            for row in self._rows(tables.callback, tables.callback.c.created_at)
        ]  # fmt: skip

    def details(self, vault: Vault) -> list[Json]:
        return [
            {
                "id": str(row.id), "kind": row.kind, "value": vault.decrypt(row.value, "contact_detail"), "source": row.source,
                "verified_at": _moment(row.verified_at), "reuse_consent": row.reuse_consent,
            }
            for row in self._rows(tables.contact_detail, tables.contact_detail.c.id)
        ]  # fmt: skip

    def rating(self, given: Json | None) -> Json | None:
        return {**given, "comment": self.text(given.get("comment"))} if given else None

    def handovers(self) -> list[Json]:
        return [
            {"asked_at": _moment(row.asked_at), "team": row.team, "reason": row.reason, "claimed_at": _moment(row.claimed_at),
             "ended_at": _moment(row.ended_at), "outcome": row.outcome}
            for row in self._rows(tables.handover, tables.handover.c.asked_at)
        ]  # fmt: skip

    def reports(self) -> list[Json]:
        return [
            {"at": _moment(row.at), "outcome": row.outcome, "summary": self.text(row.summary), "subjects": row.subjects}
            for row in self._rows(tables.wrap_up, tables.wrap_up.c.at)
        ]  # fmt: skip

    def readings(self) -> list[Json]:
        """Who looked is in the audit log by number; here it is that somebody did, what, and when."""
        rows = tables.audit.c
        query = select(rows.at, rows.action).where(rows.object == str(self._id)).order_by(rows.id)
        return [{"at": _moment(row.at), "what": row.action} for row in self._connection.execute(query)]


def _pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """The names whole, and first names, by which colleagues introduce themselves."""
    every = {part for name in names for part in (name, name.split()[0]) if len(part) > 1}
    longest_first = sorted(every, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE) if every else None


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


# As text


def readable(dossier: Dossier, say: Say, moment: Callable[[datetime], str]) -> str:
    """For people: what is in `data`, in words. `moment`: how a time is written."""

    def when(text: str | None) -> str:
        return moment(datetime.fromisoformat(text)) if text else say("mine.unknown")

    identities = (dossier.person or {}).get("identities", [])
    known = [f"{say('mine.kinds.' + one['kind'])}: {one['value']} ({when(one['verified_at'])})" for one in identities]
    lines = [say("mine.title"), "", *known]
    for one in dossier.conversations:
        lines += ["", "=" * 72, f"{say('mine.reference')}: {one['reference']}", f"{say('mine.began')}: {when(one['began_at'])}"]
        lines.append(f"{say('mine.destroyed')}: {when(one['kept']['destroyed_at'])}")
        if one["kept"]["held_since"]:
            lines.append(say("mine.held"))
        for part in (
            _written_moments(one, say),
            _written_details(one, say, when),
            _written_turns(one, say, when),
            _written_rest(one, when),
        ):
            lines += ["", *part] if part else []
    return "\n".join(lines) + "\n"


def _written_moments(one: Json, say: Say) -> list[str]:
    lines = []
    for found in one["moments"]:
        lines += [f"{say('mine.about')}: {found['subject']} ({found['reference']})", *(found["report"] or "").splitlines()]
    return lines


def _written_details(one: Json, say: Say, when: Callable[[str | None], str]) -> list[str]:
    details = [f"{say(f'mine.kinds.{found["kind"]}')}: {found['value']}" for found in one["details"]]
    return details + [f"{say('mine.callback')}: {found['phone']}, {when(found['asked_at'])}" for found in one["callbacks"]]


def _written_turns(one: Json, say: Say, when: Callable[[str | None], str]) -> list[str]:
    lines = []
    for turn in one["turns"]:
        mark = f" [{say('mine.note')}]" if turn.get("note") else f" [{say('mine.not_shown')}]" if turn.get("not_shown") else ""
        lines += [f"{when(turn['at'])}, {say(f'mine.from.{turn["from"]}')}{mark}:", turn["text"] or say("mine.removed"), ""]
    return lines[:-1]


def _written_rest(one: Json, when: Callable[[str | None], str]) -> list[str]:
    """Only for officers, in the terms of the data itself."""
    lines = [f"report {when(found['at'])}: {found['outcome']}: {found['summary']}" for found in one.get("reports", [])]
    lines += [f"handover {when(found['asked_at'])}: {found['team']}, {found['reason']}" for found in one.get("handovers", [])]
    return lines + [f"{found['what']} {when(found['at'])}" for found in one.get("read_by_staff", [])]
