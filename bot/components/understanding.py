"""The one NLU component: reads kind, topic, aspect, language and entities off a message.

Two small neural networks over words from spaCy's Dutch tokenizer tell topics and subkinds apart ("vraag/paspoort",
"urgent/brand"), and aspects: one sees the words in a bag (bag_of_words.py), the other in their order
(word_order.py). Their chances are mixed. Reviewed word lists in bot/language stand beside them where a
missed case costs most: emergencies, requests for a person, yes and no, and nothing at all.
"""

import datetime
import functools
import multiprocessing
import os
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple
from zoneinfo import ZoneInfo

import joblib
import numpy as np
import spacy
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from spacy.attrs import ORTH

from bot.components.bag_of_words import BagOfWords
from bot.components.context import Before, Context, titles
from bot.components.examples import QUESTION, Example
from bot.components.halves import examples as halves
from bot.components.labels import Labels, Ranking, both, named, surer
from bot.components.pairs import chance_of_two, most_of_two
from bot.components.pairs import examples as pairs
from bot.components.settled import examples as beside_settled
from bot.components.word_order import WordOrder, learn_alone
from bot.language.emergencies import emergency, emergency_abroad
from bot.language.entities import find_entities
from bot.language.languages import FOREIGN_FROM, SPOKEN, detect
from bot.language.nonsense import nothing_said
from bot.language.normalise import WORDS_KEPT, is_plain, normalise, readable
from bot.language.parts import asking_sentence, asks, parts, sentences
from bot.language.person import asks_for_person
from bot.language.yes_no import yes_or_no
from bot.processes import die_with_parent

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MAY_INTERRUPT = ("handover_request", "callback", "deny")  # a form, however unsure they are
NEEDS_NO_SUBJECT = ("chitchat", "handover_request", "urgent")  # are what they are, whatever was spoken of before
LABELS_LOOKED_AT = 200  # by the second network where there are more: those that the first one holds likeliest
NAMES_AT_MOST = 4  # words of a part that may do no more than name its subject
STRINGS_AT_MOST = 50_000  # that the tokenizer holds, of which a fifth from the start; a new one takes half a second
SUBJECTS_LIKELY = 5  # of which two may be asked about
SURE = 0.97  # said by a reviewed word list


class Reading(NamedTuple):
    """Chances of the labels and of the aspects, each in the order of the bag's names; the log odds that there are two subjects."""

    labels: np.ndarray
    aspects: np.ndarray
    two: float


Reader = Callable[[str], Reading]


class Words:
    """Text to the words that features are made of: addresses on the web and long numbers stand for their kind."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.tokenize = spacy.blank("nl").tokenizer
        self._shown: Dict[int, str] = {}

    def __call__(self, text: str) -> str:
        if len(self.tokenize.vocab.strings) > STRINGS_AT_MOST:  # spaCy forgets no word that was ever said
            self._begin()
        words = self.tokenize(readable(text)).to_array(ORTH).tolist()  # numbers of words: to make a token of each would take longer
        return " ".join(filter(None, map(self._show, words)))

    def _show(self, number: int) -> str:
        if number in self._shown:
            return self._shown[number]
        word = self.tokenize.vocab[number]
        if word.like_url:
            return "webadres"
        if word.like_email:
            return "mailadres"
        shown = "groot getal" if word.is_digit and len(word.text) > 4 else normalise(word.text)
        if is_plain(word.text) and len(self._shown) < WORDS_KEPT:
            self._shown[number] = shown
        return shown


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class Understanding(GraphComponent):
    """Sets intent, intent_ranking, kind, subkind, topics, aspects, on_topic, two, language, language_confidence and entities."""

    @staticmethod
    def required_packages() -> List[str]:
        return ["sklearn", "spacy"]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return {
            "order_share": 0.4,  # of the network that sees the words in their order in what both say
            "certainty": 1.6,  # by which a topic's and an aspect's scores are multiplied: makes 0.8 mean right in 8 of 10 cases
            "sentence_share": 0.15,  # of the sentence that asks in what a longer message is about
            "answers": "data/answers",  # whose titles stand for subjects, see bot/components/context.py
            "follow_ups": "data/follow_ups.csv",  # the same
            "two_subjects": "data/two_subjects.csv",  # see bot/components/pairs.py and halves.py
            "settled": "data/settled.csv",  # see bot/components/settled.py
            "plain_from": 0.95,  # surer than this of a kind that needs no subject, what was said before does not count
            "named_from": 0.995,  # the same, surer than this of a subject: the message names it itself
            "behind_share": 0.85,  # of a message read behind the subject so far, beside the message alone
            "second_from": 0.004,  # from this chance of a second subject a message is read in parts …
            "two_possible_from": 0.15,  # … if they can make two questions of it, with this chance at least
            "part_speaks_from": 0.1,  # a part that speaks of neither subject goes with the part before it
            "whole_share": 0.3,  # of the whole message in the aspect of each of two subjects …
            "whole_share_short": 0.6,  # … and when no more than a name is said of it: "en het rijbewijs ook?" …
            "asks_itself_from": 0.7,  # … unless the name says with this chance what is asked: "prijs extra container"
            "urgent_from": 0.4,  # an emergency is assumed from this confidence
            "urgent_looked_for_from": 0.1,  # from here each sentence of a story is read alone too …
            "urgent_sentence_from": 0.85,  # … and one as sure as this makes it an emergency
            "urgent_foreign": 0.5,  # what the chance is worth in another language than our two, of which the networks know little
            "person_from": 0.15,  # a request for a person is assumed from this confidence
            "urgent_listed_from": 0.02,  # from here when the word list of emergencies names one: the list alone knows no context
            "person_listed_from": 0.05,  # the same for the list of requests for a person
            "question_from": 0.90,  # surer than this it is a question; else the likeliest other kind
            "small_talk_weight": 5.0,  # of the chance that it is small talk: there are few examples of much that people say
            "form_interrupted_from": 0.9,  # in a form, a question less sure than this is an answer to the form
        }

    def __init__(self, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self.config = {**self.get_default_config(), **config}
        self._storage, self._resource = model_storage, resource
        self.words = Words()
        self.bag, self.order = BagOfWords(), WordOrder()
        self.context = Context({}, [])

    @classmethod
    def create(
        cls, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> "Understanding":
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext, **kwargs: Any
    ) -> "Understanding":
        made = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as directory:
            kept = joblib.load(directory / "understanding.joblib")
        made.context = kept["context"]
        made.bag, made.order = BagOfWords.from_state(kept["bag"]), WordOrder.from_state(kept["order"])
        return made

    def train(self, training_data: TrainingData) -> Resource:
        self.learn([_example(message) for message in training_data.intent_examples])
        with self._storage.write_to(self._resource) as directory:
            learnt = {"context": self.context, "bag": self.bag.state(), "order": self.order.state()}
            joblib.dump(learnt, directory / "understanding.joblib")  # Rasa packs it
        return self._resource

    def learn(self, examples: List[Example]) -> None:
        """`examples` are texts with a label ("vraag/paspoort", "urgent/brand") and an aspect, "" where there is none."""
        self.context = Context(titles(Path(self.config["answers"])), {aspect for _, _, aspect in examples if aspect})
        words = functools.lru_cache(maxsize=None)(self.words)  # most texts are read more than once
        two_subjects = Path(self.config["two_subjects"])
        two = pairs(two_subjects, examples)
        one = [
            *examples,
            *self.context.examples(Path(self.config["follow_ups"]), examples),
            *halves(two_subjects, examples, words),
            *beside_settled(Path(self.config["settled"]), examples),
        ]
        learnt = [*two, *one]
        texts, labels, aspects = zip(*learnt, strict=True)
        said = list(map(words, texts))
        of_two = [at < len(two) for at in range(len(learnt))]
        # most of what either network does while it learns takes one core: both learn at once
        apart = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=apart, initializer=die_with_parent, initargs=(os.getpid(),)) as beside:
            order = beside.submit(learn_alone, said, labels, aspects, of_two)
            self.bag.learn(said, labels, aspects)
            self.order = WordOrder.from_state(order.result())

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            text = message.get("text") or ""
            metadata = message.get("metadata") or {}
            before = Before(metadata["topic"], metadata.get("aspect")) if metadata.get("topic") in self.context else None
            found = self.understand(text, in_form=bool(metadata.get("loop")), before=before)
            for name, value in found.items():
                message.set(name, value, add_to_output=True)
        return messages

    def understand(
        self, text: str, in_form: bool = False, today: Optional[datetime.date] = None, before: Optional[Before] = None
    ) -> Dict[str, Any]:
        """Everything known about one message; `in_form` when the bot has just asked for a phone number, `before`: the subject so far."""
        language, language_confidence = detect(text)
        entities = find_entities(text, today or datetime.datetime.now(AMSTERDAM).date())
        read = self._reader()
        plain, aspects, _ = read(text)
        sentence = asking_sentence(text)
        if sentence:
            share, asked = self.config["sentence_share"], read(sentence)
            plain, aspects = both(plain, asked.labels, share), both(aspects, asked.aspects, share)
        labels = plain
        kinds = self._kinds(plain)
        if before and self._leans_on_before(plain, kinds):
            alarm = kinds["urgent"]  # an emergency is one whatever was spoken of before
            labels, aspects = self._behind(read, text, before, language)
            kinds = self._kinds(labels)
            kinds["urgent"] = (kinds["urgent"] * alarm) ** 0.5
        if language not in SPOKEN and language_confidence >= FOREIGN_FROM:
            kinds["urgent"] *= self.config["urgent_foreign"]
        elif kinds["urgent"] >= self.config["urgent_looked_for_from"]:
            kinds["urgent"] = max(kinds["urgent"], self._alarm(read, text))
        kind, confidence, subkind = self._kind(text, labels, kinds, entities)
        if in_form and confidence < self.config["form_interrupted_from"] and not (kind in MAY_INTERRUPT or emergency(text)):
            kind, subkind = "nonsense", ""
        intents = {**{name: round(value, 4) for name, value in kinds.items()}, kind: round(confidence, 4)}
        others = sorted((n for n in intents if n != kind), key=lambda n: -intents[n])
        return {
            "intent": {"name": kind, "confidence": intents[kind]},
            "intent_ranking": [{"name": name, "confidence": intents[name]} for name in [kind, *others]],
            "kind": kind,
            "subkind": subkind,
            "topics": _rounded(self.labels.surest(labels, QUESTION, 5, self.config["certainty"]), "topic"),
            "aspects": _rounded(named(self.bag.aspects, surer(aspects, self.config["certainty"]), 3), "aspect"),
            "on_topic": round(self.labels.chance(labels, QUESTION, before.topic), 4) if before and labels is not plain else 0.0,
            "two": self._two(read, text) if kind == QUESTION and not in_form else None,
            "language": language,
            "language_confidence": language_confidence,
            "entities": entities,
        }

    def _alarm(self, read: Reader, text: str) -> float:
        """How urgent the most alarming sentence of a story is, alone or with the next one; 0 when none is surely so.

        Somebody in danger may well end with an ordinary question.
        """
        said = sentences(text)
        if len(said) < 2:
            return 0.0
        alone_or_two = [*said, *(f"{one} {following}" for one, following in pairwise(said))]
        most = max(self._kinds(read(one).labels)["urgent"] for one in alone_or_two)
        return most if most >= self.config["urgent_sentence_from"] else 0.0

    def _leans_on_before(self, plain: np.ndarray, kinds: Dict[str, float]) -> bool:
        """Whether a message, read alone, leaves open what it is about."""
        (_, named), *_ = self.labels.likeliest(plain, QUESTION, 1) or [("", 0.0)]
        return named < self.config["named_from"] and max(kinds.get(kind, 0.0) for kind in NEEDS_NO_SUBJECT) < self.config["plain_from"]

    def _behind(self, read: Reader, text: str, before: Before, language: str) -> Tuple[np.ndarray, np.ndarray]:
        """Chances of the labels and of the aspects when the message is read behind the subject so far."""
        behind = read(self.context.behind(before, text, language))
        return both(read(text).labels, behind.labels, self.config["behind_share"]), behind.aspects

    def _reader(self) -> Reader:
        """Reads what belongs to one message: the whole and its sentences, each once however often it is asked for."""
        return functools.lru_cache(maxsize=None)(lambda text: self._read(self.words(text)))

    def _read(self, words: str) -> Reading:
        labels_by_bag, aspects_by_bag = self.bag.scores(words)
        likely = None
        if len(labels_by_bag) > LABELS_LOOKED_AT:
            likely = np.argpartition(-labels_by_bag, LABELS_LOOKED_AT)[:LABELS_LOOKED_AT]
        labels_by_order, aspects_by_order, two = self.order.scores(words, likely)
        return Reading(self._mixed(labels_by_bag, labels_by_order), self._mixed(aspects_by_bag, aspects_by_order), two)

    def _mixed(self, bag: np.ndarray, order: np.ndarray) -> np.ndarray:
        """Chances: the weighted geometric mean of what both networks hold likely."""
        share = self.config["order_share"]
        return _softmax((1 - share) * bag + share * order)

    def _two(self, read: Reader, text: str) -> Optional[Dict[str, Any]]:
        """The two likeliest subjects of a message in which there may be two, and the chance that both are asked about.

        {"chance", "subjects": [{"topic", "aspect"}, …]}, the likelier subject first. Each part of the message goes to the
        subject that it speaks of more, or with the part before it; the aspect of a subject is that of its parts, and to a
        lesser degree that of the whole.
        """
        said = read(text)
        whole = dict(self.labels.likeliest(said.labels, QUESTION, SUBJECTS_LIKELY))
        if len(whole) < 2:
            return None
        second, words = list(whole.values())[1], len(text.split())
        if second < self.config["second_from"] or most_of_two(said.two, second, words) < self.config["two_possible_from"]:
            return None

        def speaks_of(topic: str, piece: str) -> float:
            return self.labels.chance(read(piece).labels, QUESTION, topic)

        pieces = parts(text)
        # what one part speaks of plainly may be a small share of the whole
        spoken = {t: (w * max([speaks_of(t, piece) for piece in pieces] or [w])) ** 0.5 for t, w in whole.items()}
        topics = sorted(spoken, key=lambda topic: -spoken[topic])[:2]
        topics.sort(key=lambda topic: -whole[topic])
        of_each: Tuple[List[str], List[str]] = ([], [])
        which = 0
        for piece in pieces:
            of_one, of_other = (speaks_of(topic, piece) for topic in topics)
            if max(of_one, of_other) >= self.config["part_speaks_from"] or not any(of_each):
                which = int(of_other > of_one)
            of_each[which].append(piece)
        apart = bool(of_each[0] and of_each[1])
        texts = [" ".join(one) or text for one in of_each]
        sure = tuple(speaks_of(topic, one) for topic, one in zip(topics, texts, strict=True))
        chance = chance_of_two(said.two, whole[topics[1]], sure, apart, all(map(asks, texts)), words)
        aspects = [self._aspect_of_part(read, one, said.aspects) for one in texts]
        subjects = [{"topic": topic, "aspect": aspect} for topic, aspect in zip(topics, aspects, strict=True)]
        return {"chance": round(chance, 4), "subjects": subjects}

    def _aspect_of_part(self, read: Reader, part: str, of_whole: np.ndarray) -> str:
        """What is asked about one of two subjects. A bare name asks what the rest of the message asks."""
        of_part = read(part).aspects
        bare = len(part.split()) <= NAMES_AT_MOST and of_part.max() < self.config["asks_itself_from"]
        share = self.config["whole_share_short" if bare else "whole_share"]
        return named(self.bag.aspects, both(of_part, of_whole, share), 1)[0][0]

    def _kinds(self, labels: np.ndarray) -> Dict[str, float]:
        """How likely each kind is, weighed so that a question of `question_from` comes out as 0.5."""
        kinds, limit = self.labels.by_kind(labels), self.config["question_from"]
        kinds[QUESTION] = kinds.get(QUESTION, 0.0) * (1 - limit) / limit
        kinds["chitchat"] = kinds.get("chitchat", 0.0) * self.config["small_talk_weight"]
        total = sum(kinds.values())
        return defaultdict(float, {name: value / total for name, value in kinds.items()})

    def _kind(self, text: str, labels: np.ndarray, kinds: Dict[str, float], entities: List[Dict[str, Any]]) -> Tuple[str, float, str]:
        """The kind, how sure, and its subkind; what costs most when missed is looked for first."""
        listed = emergency(text) if kinds["urgent"] >= self.config["urgent_listed_from"] else ""
        danger = listed or emergency_abroad(text)
        if danger:
            return "urgent", max(SURE, kinds["urgent"]), danger
        if kinds["urgent"] >= self.config["urgent_from"]:
            return "urgent", kinds["urgent"], self._subkind(labels, "urgent")
        short = yes_or_no(text)
        if short:
            return short, SURE, "yes_no"
        if _mostly_phone_number(text, entities):
            return "callback", SURE, "callback"
        person = asks_for_person(text) if kinds["handover_request"] >= self.config["person_listed_from"] else ""
        if person:
            return "handover_request", max(SURE, kinds["handover_request"]), person
        if nothing_said(text):
            return "nonsense", SURE, "nonsense"
        if kinds["handover_request"] >= self.config["person_from"]:
            return "handover_request", kinds["handover_request"], self._subkind(labels, "handover_request")
        other = max((name for name in kinds if name != QUESTION), key=lambda name: kinds[name])
        kind = QUESTION if kinds[QUESTION] >= 0.5 else other
        return kind, kinds[kind], "" if kind == QUESTION else self._subkind(labels, kind)

    def _subkind(self, labels: np.ndarray, kind: str) -> str:
        return next((name for name, _ in self.labels.likeliest(labels, kind, 1)), "")

    @functools.cached_property
    def labels(self) -> Labels:
        return Labels(self.bag.labels)


def _example(message: Message) -> Example:
    """Text, label ("kind/topic" or "kind/subkind") and aspect of a training example."""
    kind = message.get("intent")
    told = (message.get("metadata") or {}).get("intent") or {}
    if kind == QUESTION and not (told.get("topic") and told.get("aspect")):
        raise ValueError(f"a question without topic or aspect in its metadata: {message.get('text')!r}")
    return (
        message.get("text"),
        f"{kind}/{told.get('topic') or told.get('subkind') or kind}",
        told.get("aspect", "") if kind == QUESTION else "",
    )


def _softmax(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores - scores.max())
    return raised / raised.sum()


def _rounded(ranking: Ranking, name: str) -> List[Dict[str, Any]]:
    return [{name: label, "confidence": round(chance, 4)} for label, chance in ranking]


def _mostly_phone_number(text: str, entities: List[Dict[str, Any]]) -> bool:
    """A number with few words around it, and no question: the answer to "op welk nummer?"."""
    phones = [e for e in entities if e["entity"] == "phone"]
    if not phones or "?" in text:
        return False
    around = text[: phones[0]["start"]] + " " + text[phones[0]["end"] :]
    return len(normalise(around).split()) <= 8
