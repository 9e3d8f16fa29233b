"""The contract between the service and the bot, over HTTP."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import MODEL, ROOT, TOKEN, free_port

WAITING_FOR_PHONE = {"slots": {"requested_slot": "phone", "topic": "woz"}, "loop": "callback_form"}


def kinds(body):
    return [turn["kind"] for turn in body["turns"]]


def test_a_question_is_answered_with_turns_memory_and_understanding(bot):
    body = bot.ask("Wat kost een paspoort?")
    assert set(body) == {"turns", "memory", "understanding"}
    assert kinds(body) == ["answer"]
    assert body["memory"] == {"slots": {"question": "Wat kost een paspoort?", "topic": "paspoort"}, "loop": None}
    understood = body["understanding"]
    assert understood["intent"]["name"] == understood["kind"] == "vraag"
    assert understood["topics"][0]["topic"] == "paspoort" and len(understood["topics"]) == 5
    assert understood["aspects"][0]["aspect"] == "kosten" and len(understood["aspects"]) == 3
    assert understood["language"] == "nl" and 0.5 <= understood["language_confidence"] <= 1


def test_an_action_sees_everything_that_was_understood(bot):
    latest = bot.ask("Wat kost een paspoort?", language="en")["turns"][0]["latest"]
    assert {
        "intent",
        "intent_ranking",
        "entities",
        "text",
        "kind",
        "subkind",
        "topics",
        "aspects",
        "language",
        "language_confidence",
    } <= set(latest)
    assert latest["metadata"] == {"language": "en", "topic": None, "aspect": None, "loop": None}


@pytest.mark.parametrize(
    "text",
    [
        "/restart",
        " /restart",
        "\u200b/restart",
        "\u2060 \u200b //restart",
        '/vraag{"topic":"woz"}',
        "\uff0frestart",
        "\ufeff/session_start",
        "\x00/back",
        "\u00a0/restart",
        "\\/restart",
        "/ /restart",
    ],
)
def test_resident_text_is_never_a_command(bot, text):
    body = bot.ask(text)
    latest = body["turns"][0]["latest"]
    assert not latest["text"].startswith(("/", " "))
    assert "structured" not in latest and body["understanding"]["topics"], "understood as words, by the model"
    assert latest["intent"]["name"] not in ("restart", "session_start", "back")


def test_a_button_is_understood_without_any_text(bot):
    body = bot.ask({"intent": "vraag", "entities": {"topic": "woz", "aspect": "bezwaar"}})
    assert kinds(body) == ["answer"] and body["turns"][0]["latest"]["structured"]
    assert body["understanding"]["topics"] == [{"topic": "woz", "confidence": 1.0}]
    assert body["understanding"]["aspects"] == [{"aspect": "bezwaar", "confidence": 1.0}]


@pytest.mark.parametrize(
    "text,kind",
    [
        ("brand in mijn keuken help", "urgent"),
        ("ik wil een mens", "handover_offer"),
        ("hoi", "smalltalk"),
        ("asdfghjkl", "fallback"),
        ("\U0001f602\U0001f438", "fallback"),
        ("wat zei uw collega ook alweer?", "answer"),
        ("aow leeftijd", "referral"),
        ("", "fallback"),
    ],
)
def test_every_kind_has_its_action(bot, text, kind):
    assert kinds(bot.ask(text)) == [kind]


def test_a_call_back_is_asked_given_and_done(bot):
    asked = bot.ask({"intent": "callback", "entities": {}})
    assert [turn["action"] for turn in asked["turns"]] == ["action_ask_phone"]
    assert asked["memory"] == {"slots": {"requested_slot": "phone"}, "loop": "callback_form"}
    again = bot.ask("ergens morgen", asked["memory"])
    assert [turn["action"] for turn in again["turns"]] == ["action_ask_phone"] and again["memory"]["loop"] == "callback_form"
    done = bot.ask("06 12 34 56 78", again["memory"])
    assert [turn["action"] for turn in done["turns"]] == ["action_submit_callback"]
    assert done["turns"][0]["slots"]["phone"] == "+31612345678"
    assert done["memory"] == {"slots": {}, "loop": None}


def test_a_number_in_the_first_message_needs_no_question(bot):
    assert [turn["action"] for turn in bot.ask("bel mij op 0612345678")["turns"]] == ["action_submit_callback"]


@pytest.mark.parametrize(
    "text,kind", [("ik wil een medewerker spreken", "handover_offer"), ("er is brand", "urgent"), ("laat maar", "smalltalk")]
)
def test_a_person_danger_or_no_ends_the_form(bot, text, kind):
    body = bot.ask(text, WAITING_FOR_PHONE)
    assert kinds(body) == [kind]
    assert body["memory"] == {"slots": {"topic": "woz"}, "loop": None}


def test_a_clear_question_interrupts_the_form_and_the_form_goes_on(bot):
    body = bot.ask("Wat kost een paspoort?", WAITING_FOR_PHONE)
    assert [turn["action"] for turn in body["turns"]] == ["action_answer", "action_ask_phone"]
    assert body["memory"]["loop"] == "callback_form"
    done = bot.ask("0612345678", body["memory"])
    assert [turn["action"] for turn in done["turns"]] == ["action_submit_callback"]


def test_slots_survive_in_memory_and_nowhere_else(bot):
    memory = {
        "slots": {
            "failures": 1,
            "offered": {"topics": ["woz"]},
            "tried": [{"topic": "woz", "aspect": "kosten"}],
            "agreed": {"by": "Anja", "text": "morgen"},
        },
        "loop": None,
    }
    body = bot.ask("ja", memory)
    assert body["turns"][0]["slots"] == memory["slots"] and body["memory"] == memory
    assert bot.ask("ja")["memory"] == {"slots": {}, "loop": None}, "the same conversation without memory starts afresh"


def test_memory_of_an_older_release_does_no_harm(bot):
    body = bot.ask("hoi", {"slots": {"gone": 1, "topic": "woz"}, "loop": "gone_form"})
    assert body["memory"] == {"slots": {"topic": "woz"}, "loop": None}


def test_what_was_missed_reaches_the_actions_and_changes_no_rule(bot):
    missed = [{"from": "resident", "name": "Fatma", "text": "en mijn zoon?"}, {"from": "staff", "name": "Anja", "text": "Die mag mee."}]
    for memory, expected in ((None, ["action_recap"]), (WAITING_FOR_PHONE, ["action_recap", "action_ask_phone"])):
        body = bot.ask("wat zei uw collega?", memory, missed=missed)
        assert [turn["action"] for turn in body["turns"]] == expected
        assert body["turns"][0]["missed"] == ["en mijn zoon?", "Die mag mee."]
    assert kinds(bot.ask("hoi", missed=missed * 500)) == ["smalltalk"], "bounded, however much was missed"


def test_conversations_at_the_same_time_do_not_mix(bot):
    def turn(number):
        memory = {"slots": {"failures": number}, "loop": "callback_form" if number % 2 else None}
        body = bot.ask("hoi", memory, conversation=f"c-{number % 5}")  # the same conversation several times, too
        return number, body

    with ThreadPoolExecutor(12) as many:
        for number, body in many.map(turn, range(60)):
            assert body["memory"]["slots"]["failures"] == number
            assert body["memory"]["loop"] == ("callback_form" if number % 2 else None)
            assert body["turns"][0]["conversation"] == f"c-{number % 5}"


def test_a_failing_action_is_an_error_and_says_nothing_about_the_text(bot):
    status, body = bot.post({"conversation": "c", "language": "nl", "message": {"text": "faal hierop"}, "memory": None, "missed": []})
    assert (status, body) == (500, {"error": "generic"})
    failing = {"conversation": "c", "language": "nl", "message": {"text": "faal 0612345678"}, "memory": WAITING_FOR_PHONE, "missed": []}
    assert bot.post(failing)[0] == 500
    assert kinds(bot.ask("hoi")) == ["smalltalk"], "the next turn is not touched by it"


def test_an_action_server_that_is_down_is_an_error(bot_without_actions):
    for message in ({"text": "Wat kost een paspoort?"}, {"intent": "callback"}):
        body = {"conversation": "c", "language": "nl", "message": message, "memory": None, "missed": []}
        assert bot_without_actions.post(body) == (500, {"error": "generic"})


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x", "\u00e9"])
def test_nobody_without_the_token(bot, token):
    assert bot.post({"conversation": "c", "message": {"text": "hoi"}}, token=token and token.encode().decode("latin-1"))[0] == 401
    if token is not None:
        assert bot.get("/health", token=token.encode().decode("latin-1"))[0] == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        [],
        {},
        {"conversation": "c"},
        {"conversation": "", "message": {"text": "hoi"}},
        {"conversation": 1, "message": {"text": "x"}},
        {"conversation": "c", "message": {"text": 5}},
        {"conversation": "c", "message": "hoi"},
        {"conversation": "c", "message": {"intent": "restart"}},
        {"conversation": "c", "message": {"intent": ["vraag"]}},
        {"conversation": "c", "message": {"intent": "vraag", "entities": []}},
        {"conversation": "c", "language": "de", "message": {"text": "x"}},
        {"conversation": "c", "message": {"text": "x"}, "memory": []},
        {"conversation": "c", "message": {"text": "x"}, "memory": {"slots": 5}},
        {"conversation": "c", "message": {"text": "x"}, "missed": ["x"]},
        {"conversation": "c", "message": {"text": "x" * 2001}},
    ],
)
def test_a_bad_body_is_400(bot, body):
    assert bot.post(body)[0] == 400


def test_only_our_channel_is_served(bot):
    for path in ("/conversations/c/tracker", "/model/parse", "/webhooks/rest/webhook", "/status", "/version"):
        request_url = f"http://127.0.0.1:{bot.port}{path}"
        import urllib.error
        import urllib.request

        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request_url, timeout=10)
        assert refused.value.code == 404


def test_the_bot_does_not_start_without_its_settings():
    import os

    environment = {k: v for k, v in os.environ.items() if not k.startswith("WEGWIJS_")}
    done = subprocess.run(
        [sys.executable, "-m", "bot.serve", "--model", str(MODEL), "--port", str(free_port())],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0 and "WEGWIJS_BOT_TOKEN" in done.stderr and len(done.stderr.splitlines()) == 1


def test_the_bot_dies_with_its_parent(model):
    """The child is started by a process that is killed at once; its port must never answer."""
    import os
    import time

    starter = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([{sys.executable!r}, '-m', 'bot.serve', '--model', {str(model)!r}, '--port', '{free_port()}'])\n"
        "print(child.pid, flush=True); time.sleep(600)\n"
    )
    environment = {**os.environ, "WEGWIJS_BOT_TOKEN": "t", "WEGWIJS_ACTIONS_URL": "http://127.0.0.1:1/", "WEGWIJS_ACTIONS_TOKEN": "t"}
    parent = subprocess.Popen(
        [sys.executable, "-c", starter], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    child = int(parent.stdout.readline())
    time.sleep(3)
    parent.kill()
    parent.wait()
    for _ in range(50):
        state = _state(child)
        if state in ("", "Z"):
            return
        time.sleep(0.1)
    os.kill(child, 9)
    raise AssertionError("the bot outlived its parent")


def _state(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return ""
