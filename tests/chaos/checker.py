"""What must be so, whatever died: nothing lost, nothing doubled, order kept, one owner, no bot text after a takeover."""

from collections.abc import Iterable
from typing import Any

from handover.content.library import Library
from handover.conversation.conversation import Conversation, Turn


def check_numbers(c: Conversation, turns: list[Turn]) -> list[Turn]:
    """Both count without gaps; the turns that the resident may see."""
    seen = [turn for turn in turns if turn.seq is not None]
    assert [turn.pos for turn in turns] == list(range(1, c.pos + 1)), "pos has gaps"
    assert [turn.seq for turn in seen] == list(range(1, c.seq + 1)), "seq has gaps"
    said = [turn.data["id"] for turn in seen if turn.author == "resident" and "id" in turn.data]
    assert len(said) == len(set(said)), "a message is there twice"
    return seen


def check_view(got: list[dict[str, Any]], seen: list[Turn]) -> None:
    """What one socket got is the end of what is stored, from wherever it began."""
    numbers = [turn["seq"] for turn in got]
    start = numbers[0] if numbers else len(seen) + 1
    assert numbers == list(range(start, len(seen) + 1)), f"a socket saw {numbers} of {len(seen)}"
    assert [turn["text"] for turn in got] == [turn.text for turn in seen[start - 1 :]], "a socket saw another text"


def check_owners(library: Library, seen: list[Turn], staff: Iterable[str]) -> None:
    """Nothing of the bot's own between the queue and the return, and nobody replies who is not the owner."""

    def of_each(key: str, **values: str) -> dict[str, str]:
        return {library.text(key, language, name=name, **values): name for name in names for language in ("nl", "en")}

    names = list(staff)
    joined, lost, returned = of_each("staff.joined"), of_each("staff.lost"), of_each("staff.returned")
    entered, ended = ({library.text(key, language) for key in keys for language in ("nl", "en")} for keys in (
        ("queue.entered",), ("queue.left", "queue.nobody_came"),
    ))  # fmt: skip
    owner = "bot"
    for turn in seen:
        if turn.text in joined:
            assert owner == "waiting", f"{turn.text} while {owner} had it"
            owner = joined[turn.text]
        elif turn.text in entered or turn.text in lost:
            owner = "waiting"
        elif turn.text in returned or turn.text in ended:
            owner = "bot"
        elif turn.author == "staff":
            assert owner == turn.name, f"{turn.name} spoke while {owner} had it"
        elif turn.author == "bot":
            assert owner == "bot", f"the bot spoke while {owner} had it"
