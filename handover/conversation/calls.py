"""A conversation by telephone: what is asked, what counts as an answer, and what happens when none comes.

The rest of the core knows turns; an ear needs more. Every turn to a caller ends in one question, and the question
decides what "ja", a key or silence means. What was not heard and what was not understood are counted apart and per
question; the third time, and the fifth of all in a call, is not the caller's problem any more but a colleague's.
Pure, like the rest of this folder.
"""

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from handover.conversation import events as ev
from handover.conversation import phones, states
from handover.conversation.events import Caller
from handover.conversation.privacy import mask
from handover.conversation.states import State
from handover.conversation.words import COMMANDS, ORDINALS, WINDOWS, is_no, is_yes, normal, sentences, short

if TYPE_CHECKING:
    from handover.conversation.conversation import _Deciding

VOICE = "voice"
BY_EAR = f"{VOICE}:"  # stands before the id of a conversation where the bot is asked for words to be spoken
LOW, SURE = 0.4, 0.6  # of the recogniser: below LOW it counts as not understood, below SURE it is asked whether it is right
TIMES, IN_ALL = 3, 5  # failures at one question, and in a whole call, after which a person helps
REJECTED_AT_MOST = 2  # times that something read back was wrong, before another way is taken
CODE_TRIES = 3
CODE_DIGITS = 8
NUMBER_DIGITS = 13  # +31 612345678 typed as 0031612345678
HEARD_AT_MOST = 2000  # characters of one utterance
CHOICES_AT_MOST = 3  # that an ear can keep apart
FULL_AT_MOST = 1200  # characters that are read aloud at once, also on request


Question = Literal["open", "yesno_more", "another", "choices", "human", "callback", "callback_here", "number", "number_ok", "when",
                   "confirm", "code", "code_check", "code_given", "over"]  # fmt: skip
# The answer to these is yes or no
YES_NO = ("yesno_more", "another", "human", "callback", "callback_here", "number_ok", "confirm")
OF_CALLBACK = ("callback", "callback_here", "number", "number_ok", "when")
CUT = ("answer", "referral", "smalltalk")  # what the bot says that may be long; the rest is in words made for the ear, or urgent
CODE = "[code]"  # stands in a turn where the caller hears a code, which is not kept


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """The telephone side of a conversation. `said`: what the caller heard last, for "herhaal". `rest`: what is read on request."""

    caller: Caller
    question: Question = "open"
    said: str = ""
    rest: str | None = None
    choices: tuple[dict[str, Any], ...] = ()
    pending: str | None = None  # what was heard, as long as it is not sure; or a number that is being read back
    digits: str = ""
    silent: int = 0
    unclear: int = 0
    failures: int = 0
    rejected: int = 0
    patient: bool = False  # asked for a moment, or is looking for a paper
    transferring: bool = False
    draft: bool = False  # the call-back request was made before the transfer, for want of news about it
    web: bool = False  # is a chat as well, and stays one when the call ends


def begin(d: "_Deciding", caller: Caller) -> None:
    """The first words: that a machine speaks and that it is written down, before anything is asked (BOT-1, PRV-11)."""
    d.c.call = Call(caller=caller)
    values = {"id": caller.row, "key": caller.key, "conversation_id": d.c.id, "started_at": d.now, "ended_at": None}
    d.insert("call", values)
    _clue(d, caller.number)
    whole = d.say("call.notice")
    d.bot("greeting", f"{whole} {d.say('call.welcome')}", data={"whole": whole, "spoken": d.say("call.welcome")})
    d.timer("call_lost", states.CALL_SILENT)


def _clue(d: "_Deciding", number: str | None) -> None:
    """Colleagues see the number that the network told, as what it is: it proves nothing, and joins nobody (SEC-13)."""
    if number:
        d.contact_detail(d.new_id(), "phone", number, "caller")


EVENTS = (ev.CallJoined, ev.CallerKnown, ev.Spoke, ev.Keyed, ev.Silent, ev.CodeRefused, ev.CallMoved, ev.WebJoined, ev.TransferFailed,
          ev.TransferDone, ev.StillThere, ev.LineLost, ev.HungUp, ev.CallLost)  # fmt: skip


def take(d: "_Deciding", event: ev.Event) -> None:
    """What one of EVENTS does."""
    match event:
        case ev.CallJoined(caller):
            _joined(d, caller)
        case ev.CallerKnown(number) if d.c.call:
            _set(d, caller=msgspec.structs.replace(d.c.call.caller, number=number))
            _clue(d, number)
        case ev.Spoke():
            _heard(d, event)
        case ev.Keyed():
            _keyed(d, event)
        case ev.Silent(person):
            _silent(d, person)
        case ev.CodeRefused(person):
            _code_refused(d, person)
        case ev.CallMoved():
            d.close("moved")
            d.system("call.moved")
        case ev.WebJoined():
            _set(d, web=True)
        case ev.TransferFailed():
            _transfer_failed(d)
        case ev.TransferDone():
            _set(d, transferring=False)
            _drop_draft(d)
            if d.c.state is State.WAITING:
                d.close("answered_by_phone")
                d.system("call.ended")
        case ev.HungUp(key, reason):
            _hung_up(d, key, reason)
        case ev.CallLost():
            _lost(d)
    if isinstance(event, ev.LineLost) and d.c.call and d.c.call.question != "over":
        d.timer("call_lost", states.LINE_LOST)
    else:
        _keep_alive(d)


def _set(d: "_Deciding", **values: Any) -> None:
    if d.c.call:
        d.c.call = msgspec.structs.replace(d.c.call, **values)


def _ask(d: "_Deciding", question: Question, **values: Any) -> None:
    """From here on this is what is asked."""
    fresh = {"silent": 0, "unclear": 0} if d.c.call and question != d.c.call.question else {}
    _set(d, question=question, digits="", patient=False, **{**fresh, **values})


def _say(d: "_Deciding", kind: str, key: str, question: Question | None = None, *, whole: bool = False, **values: object) -> None:
    """A turn of our own. `whole`: it is not to be talked through."""
    text = d.say(f"call.{key}", **values)
    d.bot(kind, text, data={"whole": text, "spoken": ""} if whole else {"spoken": text})
    if question:
        _ask(d, question)


def _keep_alive(d: "_Deciding") -> None:
    if d.c.call and d.c.call.question != "over" and d.c.state is not State.CLOSED:
        set_timers(d)


def set_timers(d: "_Deciding") -> None:
    """A call has no clocks of a chat, and one of its own: a gateway may fall silent without saying that it is over."""
    if d.c.state is State.BOT and d.c.channel == VOICE:
        d.timer("call_lost", states.CALL_SILENT)
    elif d.c.call and d.c.call.transferring:
        d.timer("call_lost", states.CALL_AT_MOST)


# What the caller does


def _heard(d: "_Deciding", event: ev.Spoke) -> None:
    text = mask(event.text[:HEARD_AT_MOST]).strip()
    if not text:
        _silent(d, event.person)
        return
    secret = d.c.call and d.c.call.question == "code" and len(phones.digits_in(text)) >= CODE_TRIES
    confidence = {"confidence": event.confidence} if event.confidence is not None else {}
    d.resident(d.say("call.hidden") if secret else text, None, **confidence)
    if _is_back(d) or d.c.state is not State.BOT:
        return
    if event.confidence is not None and event.confidence < LOW:
        _failed(d, "unclear", event.person)
        return
    words = normal(text)
    if not (_command(d, words, event.person) or _answered(d, words, text, event.person)):
        _question(d, text, event.confidence)


def _question(d: "_Deciding", text: str, confidence: float | None) -> None:
    """Something for the bot; asked back first if the recogniser is not sure of it."""
    if confidence is not None and confidence < SURE:
        _say(d, "clarify", "confirm", "confirm", heard=text)
        _set(d, pending=text)
    else:
        _for_the_bot(d, text=text)


def _for_the_bot(d: "_Deciding", **what: Any) -> None:
    _ask(d, "open", pending=None, rest=None, choices=())
    d._ask(d.c.pos, **what)


def _keyed(d: "_Deciding", event: ev.Keyed) -> None:
    keys = "".join(key for key in event.keys if key in "0123456789*#")[:30]
    call = d.c.call
    if not keys or not call:
        _silent(d, event.person)
        return
    collecting = call.question in ("code", "number")
    shown = d.say("call.hidden") if call.question == "code" and keys.isdigit() else mask(keys)
    if collecting and keys not in ("0", "*", "#") and len(keys) == 1:
        shown = ""  # one of many: the number is a turn once it is whole
    if shown:
        d.resident(d.say("call.key", keys=shown), None)
    if _is_back(d) or d.c.state is not State.BOT:
        return
    # a number begins with 0 as well: there, 0 is a person only if nothing follows
    if collecting and (call.digits or keys not in (("0", "*") if call.question == "code" else ("*",))):
        _collect(d, keys, event.person)
    elif keys in KEYS:
        _command(d, KEYS[keys], event.person)
    elif not _pressed(d, keys, event.person):
        _failed(d, "unclear", event.person)


KEYS = {"0": "medewerker", "*": "herhaal", "#": "stop"}


def _pressed(d: "_Deciding", keys: str, person: Any) -> bool:
    """A key that means something at this question."""
    call = d.c.call
    assert call is not None  # noqa: S101 (for the type checker)
    number = int(keys) if keys in "123456789" and len(keys) == 1 else 0
    if call.question == "choices" and 0 < number <= len(call.choices):
        _choose(d, call.choices[number - 1], person)
    elif call.question in YES_NO and number in (1, 2):
        _yes(d, person) if number == 1 else _no(d, person)
    elif call.question == "when" and number in (1, 2, 3):
        _when(d, ("morning", "afternoon", "any")[number - 1])
    elif call.question == "open" and number == 1:
        _say(d, "form", "code_ask", "code")
    elif number == 9:
        _other_language(d)
    else:
        return False
    return True


def _collect(d: "_Deciding", keys: str, person: Any) -> None:
    """Gateways send what was typed at once, or key by key: # or the last digit ends it."""
    call = d.c.call
    assert call is not None  # noqa: S101
    digits = (call.digits + "".join(key for key in keys if key.isdigit()))[:NUMBER_DIGITS]
    _set(d, digits=digits, silent=0)
    ended = keys.endswith("#") or len(keys) > 1
    if call.question == "code":
        if len(digits) >= CODE_DIGITS or (ended and digits):
            _set(d, question="code_check")
        elif ended:
            _failed(d, "unclear", person)
    elif ended or phones.dialable(digits):
        _number(d, digits, person)


def _answered(d: "_Deciding", words: str, text: str, person: Any) -> bool:
    """Whether what was said answers the question that was asked."""
    call = d.c.call
    if not call:
        return False
    if call.question == "choices" and (number := ORDINALS.get(words, 0)) and number <= len(call.choices):
        _choose(d, call.choices[number - 1], person)
    elif call.question in YES_NO and is_yes(words):
        _yes(d, person)
    elif (call.question in YES_NO and is_no(words)) or (call.question == "choices" and is_no(words)):
        _no(d, person)
    elif call.question == "when":
        _when(d, next((window for window, said in WINDOWS.items() if said & set(words.split())), "any"))
    elif call.question == "number" or (call.question in OF_CALLBACK and phones.dialable(text)):
        _number(d, text, person)
    elif call.question == "code" and phones.digits_in(text):
        _set(d, digits=phones.digits_in(text)[:CODE_DIGITS], question="code_check")
    else:
        return False
    return True


def _command(d: "_Deciding", words: str, person: Any) -> bool:
    """What works at every question, whatever the bot would make of it."""
    command = next((name for name, said in COMMANDS.items() if words in said), None)
    call = d.c.call
    if command is None or call is None:
        return False
    match command:
        case "human":
            _hand_over(d, person, "request")
        case "repeat":
            _repeat(d)
        case "stop":
            _stop(d)
        case "bye":
            end(d)
        case "moment":
            _say(d, "smalltalk", "take_your_time")
            _set(d, patient=True)
        case "web":
            _say(d, "notice", "code_given", "code_given", whole=True)
        case "code":
            _say(d, "form", "code_ask", "code")
        case "english" | "dutch":
            if command[:2] == ("en" if d.c.language == "nl" else "du"):
                _other_language(d)
            else:
                _repeat(d)
    return True


def _other_language(d: "_Deciding") -> None:
    d.c.language = "en" if d.c.language == "nl" else "nl"
    _say(d, "notice", "language", "open")


def _repeat(d: "_Deciding") -> None:
    call = d.c.call
    assert call is not None  # noqa: S101
    kept = call
    d.bot("notice", call.said or d.say("call.ask.open"), data={"spoken": call.said or d.say("call.ask.open")})
    d.c.call = kept  # the question is the same, and so is what "herhaal" means next


def _stop(d: "_Deciding") -> None:
    """Of what is being done; where nothing is, of the call."""
    call = d.c.call
    assert call is not None  # noqa: S101
    if d.c.memory and d.c.memory.get("loop"):
        d.c.memory = {**d.c.memory, "loop": None}
    if call.question in ("open", "another"):
        end(d)
        return
    if call.question == "number_ok":
        d._callback({"confirmed": False}, None)
    _say(d, "notice", "stopped", "another")


def _choose(d: "_Deciding", choice: dict[str, Any], person: Any) -> None:
    do = choice["do"]
    if "human" in do:
        _hand_over(d, person, do["human"]["reason"])
    elif do.get("intent") == "callback":
        offer_callback(d)
    else:
        _ask(d, "open", choices=())
        d._chose(choice["label"], do)


def _yes(d: "_Deciding", person: Any) -> None:
    call = d.c.call
    assert call is not None  # noqa: S101
    match call.question:
        case "yesno_more":
            d.bot("answer", f"{call.rest} {d.say('call.another')}", data={"spoken": f"{call.rest} {d.say('call.another')}"})
            _ask(d, "another", rest=None)
        case "another":
            _say(d, "smalltalk", "ask.open", "open")
        case "human":
            _hand_over(d, person, call.pending or "request")
        case "callback":
            _say(d, "form", "number_ask", "number")
        case "callback_here":
            d._callback({"phone": call.caller.number}, None)
            d._callback({"confirmed": True}, None)
            _say(d, "form", "when", "when")
        case "number_ok":
            d._callback({"confirmed": True}, None)
            _say(d, "form", "when", "when")
        case "confirm":
            _for_the_bot(d, text=call.pending)


def _no(d: "_Deciding", person: Any) -> None:
    call = d.c.call
    assert call is not None  # noqa: S101
    match call.question:
        case "another":
            end(d)
        case "callback_here":
            _say(d, "form", "number_ask", "number")
        case "callback":
            _say(d, "smalltalk", "no_callback", "another")
        case "number_ok" | "confirm":
            _rejected(d, person)
        case "choices":
            _say(d, "smalltalk", "other_words", "open")
        case _:
            _say(d, "smalltalk", "another", "another")


def _rejected(d: "_Deciding", person: Any) -> None:
    """It was heard wrongly. The second time another way: by keypad, or a person."""
    call = d.c.call
    assert call is not None  # noqa: S101
    rejected, question = call.rejected + 1, call.question
    _set(d, rejected=rejected)
    if question == "number_ok":
        _say(d, "form", "number_keys" if rejected >= REJECTED_AT_MOST else "number_ask", "number")
    elif rejected >= REJECTED_AT_MOST:
        _set(d, rejected=0)
        _hand_over(d, person, "not_understood")
    else:
        _say(d, "smalltalk", "other_words", "open")


# When nothing came, or nothing that can be understood


def _silent(d: "_Deciding", person: Any) -> None:
    if _is_back(d) or d.c.channel != VOICE:  # who is typing in the chat meanwhile is not to be asked why nothing is said
        return
    if d.c.call and d.c.call.question == "number" and d.c.call.digits == "0":
        _hand_over(d, person, "request")
    else:
        _failed(d, "silent", person)


def _failed(d: "_Deciding", kind: Literal["silent", "unclear"], person: Any) -> None:
    call = d.c.call
    if not call or d.c.state is not State.BOT:
        return
    times, in_all = getattr(call, kind) + 1, call.failures + 1
    _set(d, **{kind: times, "failures": in_all, "digits": ""})
    if times < TIMES and in_all < IN_ALL:
        step = "first" if times == 1 else "second"
        text = f"{d.say(f'call.{kind}.{step}')} {d.say(f'call.ask.{_asked(call.question)}')}"
        kept = msgspec.structs.replace(d.c.call, said=call.said) if d.c.call else None
        d.bot("notice", text, data={"spoken": text})
        d.c.call = kept
    elif call.question in OF_CALLBACK:
        _say(d, "notice", "give_up")
        end(d)
    else:
        _set(d, failures=0, silent=0, unclear=0)
        _hand_over(d, person, "no_input" if kind == "silent" else "not_understood")


def _asked(question: Question) -> str:
    return "yesno" if question in YES_NO else question


# People


def _hand_over(d: "_Deciding", person: ev.HumanAsked | ev.NobodyAvailable | None, reason: str) -> None:
    if person is None:
        _say(d, "notice", "ask.open", "open")
    else:
        d.take(msgspec.structs.replace(person, reason=reason))


def handed_over(d: "_Deciding") -> None:
    """The record is made; the caller goes to it. Where no news of a transfer will come, there is a call-back to fall back on."""
    call = d.c.call
    if not call:
        return
    _set(d, transferring=True, question="open", digits="")
    if not call.caller.told and call.caller.number and not d.c.callback:
        d._callback({"phone": call.caller.number}, None)
        _set(d, draft=True)
    set_timers(d)


def _drop_draft(d: "_Deciding") -> None:
    if d.c.call and d.c.call.draft:
        d._callback({"confirmed": False}, None)
        _set(d, draft=False)


def claimed(d: "_Deciding") -> None:
    """Somebody has the caller: nobody needs to call back."""
    _drop_draft(d)
    set_timers(d)


def _is_back(d: "_Deciding") -> bool:
    """A caller who was passed on and is heard again has not been helped, whatever the gateway says."""
    if d.c.call and d.c.call.transferring and d.c.state in (State.WAITING, State.STAFF):
        _transfer_failed(d)
        return True
    return False


def _transfer_failed(d: "_Deciding") -> None:
    d._end_handover("transfer_failed")
    _set(d, transferring=False)
    d._own(State.BOT)
    d._await_resident()
    set_timers(d)
    _say(d, "notice", "transfer_failed")
    offer_callback(d)


def offer_callback(d: "_Deciding") -> None:
    call = d.c.call
    if not call:
        return
    if d.c.memory:
        d.c.memory = {**d.c.memory, "loop": None}
    if call.caller.number:
        _say(d, "form", "callback_here", "callback_here", whole=True, phone=phones.readable(call.caller.number))
    else:
        _say(d, "form", "callback", "callback")


def _number(d: "_Deciding", text: str, person: Any) -> None:
    phone = phones.dialable(text)
    if phone is None:
        _failed(d, "unclear", person)
        return
    d._callback({"phone": phone}, None)
    _say(d, "form", "number_ok", "number_ok", whole=True, phone=phones.readable(phone))
    _set(d, pending=phone)


def _when(d: "_Deciding", window: str) -> None:
    """The last thing that a call-back needs. What was agreed is told, and that is the end of the call."""
    if d.c.callback:
        d.update("callback", d.c.callback, {"preferred": window})
    _say(d, "form", "callback_done", when=d.say(f"call.window.{window}"))
    end(d)


# The end


def end(d: "_Deciding") -> None:
    """Says goodbye, with the reference twice where something was agreed. A chat that was continued by telephone stays open."""
    referred = d.c.callback or d.c.packet
    key = "goodbye_reference" if referred else "goodbye"
    if d.c.call and d.c.call.web:
        _say(d, "notice", key, "over", reference=phones.pairs(d.c.reference))
        return
    d.close("caller")
    d.system(f"call.{key}", reference=phones.pairs(d.c.reference))
    _set(d, question="over")


def _hung_up(d: "_Deciding", key: str, reason: str) -> None:
    call = d.c.call
    if call and call.caller.key != key:
        return  # another call has taken its place
    if call:
        d.update("call", call.caller.row, {"ended_at": d.now})
    _set(d, question="over")
    match d.c.state:
        case State.BOT if call and call.web:
            _back_to_the_web(d)
        case State.BOT:
            d.close(reason)
            d.system("call.ended")
        case State.WAITING if call and call.web:
            _back_to_the_web(d)
        case State.WAITING:
            d.timer("call_lost", states.HANDOVER_OPEN)
        case _:
            d._drop_timer("call_lost")


def _back_to_the_web(d: "_Deciding") -> None:
    """With everything that was said, and the place in the queue."""
    d._drop_timer("call_lost")
    _set(d, transferring=False)
    d.c.channel = "web"
    d.system("call.back_to_web")
    if d.c.state is State.WAITING:
        d.timer("long_wait", states.LONG_WAIT)
        d.timer("nobody_came", states.NOBODY_CAME)
    d._await_resident()


def _lost(d: "_Deciding") -> None:
    d._drop_timer("call_lost")
    if d.c.call:
        if d.c.state is State.WAITING:
            d.close("hung_up")
            d.system("call.ended")
        else:
            _hung_up(d, d.c.call.caller.key, "lost")
    elif d.c.state is not State.STAFF:
        d.close("lost")
        d.system("call.ended")


# From the web to the telephone, and back


def _joined(d: "_Deciding", caller: Caller) -> None:
    """The chat goes on by telephone: the same history, what is known, and the place in the queue."""
    d.update("call", caller.row, {"conversation_id": d.c.id})
    _clue(d, caller.number)
    d.c.channel, d.c.call = VOICE, Call(caller=caller, web=True)
    d._drop_timer("idle_warning", "idle_close", "long_wait", "nobody_came")
    if d.c.state is State.BOT:
        d.system("call.joined")
        _ask(d, "open")
    else:
        d.system("call.joined_waiting")
        handed_over(d)


def _code_refused(d: "_Deciding", person: Any) -> None:
    call = d.c.call
    rejected = (call.rejected if call else 0) + 1
    if rejected >= CODE_TRIES:
        _say(d, "notice", "code_over", "open")
        _set(d, rejected=0)
    else:
        _say(d, "notice", "code_wrong", "code")
        _set(d, rejected=rejected)


def medium(d: "_Deciding", event: ev.Event) -> None:
    """A conversation that is a call and a chat at once is where the resident did something last."""
    if d.c.call:
        if isinstance(event, ev.Said | ev.Chose):
            d.c.channel = "web"
        elif isinstance(event, ev.Spoke | ev.Keyed) and d.c.call.question != "over":
            d.c.channel = VOICE


# How a turn sounds


def sounded(d: "_Deciding", author: str, kind: str | None, text: str, data: dict[str, Any], spoken: str | None) -> dict[str, Any]:
    """What is added to the data of a turn that a caller hears; sets the question that it ends in."""
    call = d.c.call
    if not call or author not in ("bot", "system"):
        return data
    if call.question == "over":
        words, extra = text, data
    elif "spoken" in data:
        words = " ".join(part for part in (data.get("whole"), data["spoken"]) if part)
        extra = data if words != text or "whole" in data else {name: value for name, value in data.items() if name != "spoken"}
    else:
        words = _ending(d, kind, spoken or (short(text) if kind in CUT else text), text, data.get("choices", []))
        extra = {**data, "spoken": words} if words != text else data
    _set(d, said=words)
    return extra


def _ending(d: "_Deciding", kind: str | None, words: str, text: str, choices: list[dict[str, Any]]) -> str:
    """`words` with the question that they end in."""
    human = next((choice["do"]["human"]["reason"] for choice in choices if "human" in choice["do"]), None)
    callback = any(choice["do"].get("intent") == "callback" for choice in choices)
    match kind:
        case "answer" if len(text) > len(words) + 20:
            _ask(d, "yesno_more", rest=sentences(text, FULL_AT_MOST))
            return f"{words} {d.say('call.more')}"
        case "answer" | "referral":
            _ask(d, "another")
            return f"{words} {d.say('call.another')}"
        case "clarify":
            return _options(d, words, choices)
        case "fallback" if not human or not callback:
            _set(d, failures=(d.c.call.failures if d.c.call else 0) + 1)
            _ask(d, "open")
        case "handover_offer" | "urgent" | "notice" | "fallback" if human:
            _ask(d, "human", pending=human)
            return words if kind == "handover_offer" else f"{words} {d.say('call.person')}"
        case "notice" if callback:
            _ask_for_callback(d)
            return f"{words} {_callback_words(d)}"
        case "handover_offer" | "urgent" | "smalltalk" | "notice" | "greeting":
            _ask(d, "open")
    return words


def _ask_for_callback(d: "_Deciding") -> None:
    _ask(d, "callback_here" if d.c.call and d.c.call.caller.number else "callback")


def _callback_words(d: "_Deciding") -> str:
    number = d.c.call.caller.number if d.c.call else None
    return d.say("call.callback_here", phone=phones.readable(number)) if number else d.say("call.callback")


def _options(d: "_Deciding", words: str, choices: list[dict[str, Any]]) -> str:
    offered = tuple(choice for choice in choices if "human" not in choice["do"] and choice["do"].get("intent") != "callback")
    offered = offered[:CHOICES_AT_MOST]
    _ask(d, "choices", choices=offered)
    lines = [d.say("call.option", number=number, label=choice["label"].rstrip("?.")) for number, choice in enumerate(offered, 1)]
    return " ".join([words, *lines])


def instead(d: "_Deciding", reply: ev.BotReply) -> bool:
    """By telephone the number is asked for in a way of its own: takes the place of the bot's form. True if it did."""
    if not d.c.call or d.c.channel != VOICE:
        return False
    phone = next((turn.callback["phone"] for turn in reply.turns if turn.callback and "phone" in turn.callback), None)
    if phone is None and reply.memory.get("loop") != "callback_form":
        return False
    slots = {name: value for name, value in reply.memory.get("slots", {}).items() if name not in ("callback_pending", "requested_slot")}
    d.c.memory = {"slots": slots, "loop": None}
    if phone:
        d._callback({"phone": phone}, None)
        _say(d, "form", "number_ok", "number_ok", whole=True, phone=phones.readable(phone))
        _set(d, pending=phone)
    else:
        offer_callback(d)
    return True
