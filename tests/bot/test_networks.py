"""Both networks on a few invented messages: they learn them, the same way each time, and read what they have never seen."""

import numpy as np
import pytest
from bot.components import pairs
from bot.components.bag_of_words import BagOfWords
from bot.components.targets import Table, touched
from bot.components.word_order import WordOrder

FRUIT = ("appel", "peer", "pruim", "kers", "druif", "meloen")
TEXTS = [f"wat kost een {fruit} {number}" for fruit in FRUIT for number in range(8)]
TEXTS += [f"wanneer komt de {fruit} {number}" for fruit in FRUIT for number in range(8)]
TEXTS += [f"dank je wel {fruit} {number}" for fruit in FRUIT for number in range(8)]
LABELS = ["vraag/prijs"] * 48 + ["vraag/tijd"] * 48 + ["chitchat/thanks"] * 48
ASPECTS = ["kosten"] * 48 + ["termijn"] * 48 + [""] * 48


@pytest.fixture(scope="module")
def order():
    return WordOrder().learn(TEXTS, LABELS, ASPECTS)


@pytest.fixture(scope="module")
def bag():
    return BagOfWords().learn(TEXTS, LABELS, ASPECTS)


def test_the_network_of_ordered_words_learns(order):
    assert order.labels == sorted(set(LABELS)) and order.aspects == ["kosten", "termijn"]
    said = [order.labels[order.scores(text)[0].argmax()] for text in TEXTS]
    assert np.mean([one == other for one, other in zip(said, LABELS, strict=True)]) > 0.95
    assert order.aspects[order.scores("wat kost een banaan")[1].argmax()] == "kosten"


def test_the_network_of_the_bag_learns(bag):
    said = [bag.labels[bag.scores(text)[0].argmax()] for text in TEXTS]
    assert np.mean([one == other for one, other in zip(said, LABELS, strict=True)]) > 0.95


def test_the_order_of_words_counts(order):
    assert not np.allclose(order.scores("wat kost een appel")[0], order.scores("appel een kost wat")[0])


def test_labels_that_cannot_be_meant_are_left_out(order):
    whole, some = order.scores("wat kost een appel"), order.scores("wat kost een appel", np.array([0, 2]))
    assert np.allclose(some[0][[0, 2]], whole[0][[0, 2]], atol=1e-5)
    assert some[0][1] == -np.inf
    assert np.array_equal(some[1], whole[1]) and some[2] == whole[2]


def test_the_same_examples_give_the_same_network(order):
    again = WordOrder().learn(TEXTS, LABELS, ASPECTS)
    assert all(np.allclose(order.arrays[name], again.arrays[name], atol=1e-2) for name in order.arrays)


def test_what_is_stored_says_the_same(order, bag):
    for text in ("wat kost een appel", "wanneer komt de kers"):
        assert np.array_equal(WordOrder.from_state(order.state()).scores(text)[0], order.scores(text)[0])
        assert np.array_equal(BagOfWords.from_state(bag.state()).scores(text)[0], bag.scores(text)[0])


@pytest.mark.parametrize("text", ["", "zzz", "? ! ?", "woord " * 2000, "x" * 2000])
def test_anything_has_a_score(order, bag, text):
    assert all(np.isfinite(scores).all() for scores in (*order.scores(text), *bag.scores(text)))


def test_a_message_on_two_subjects_is_learnt_with_each(tmp_path):
    file = tmp_path / "two_subjects.csv"
    file.write_text(
        'topic,aspect,second_topic,second_aspect,language,text\nvog,kosten,woz,bezwaar,nl,"wat kost een VOG, en de WOZ klopt niet"\n'
    )
    ordinary = list(zip(TEXTS, LABELS, ASPECTS, strict=True))
    found = pairs.examples(file, ordinary)
    assert found[:2] == [
        ("wat kost een VOG, en de WOZ klopt niet", "vraag/vog", "kosten"),
        ("wat kost een VOG, en de WOZ klopt niet", "vraag/woz", "bezwaar"),
    ]
    made = found[2:]
    assert made and len(made) % 2 == 0 and made == pairs.examples(file, ordinary)[2:]
    for (text, label, _), (same, other, _) in zip(made[::2], made[1::2], strict=True):
        assert text == same and label != other


def test_without_the_file_there_are_no_pairs(tmp_path):
    assert pairs.examples(tmp_path / "none.csv", list(zip(TEXTS, LABELS, ASPECTS, strict=True))) == []


def test_two_are_likelier_when_each_part_asks_about_its_own():
    plain = pairs.chance_of_two(0.0, 0.2, (0.9, 0.9), apart=False, both_ask=False, words=12)
    apart = pairs.chance_of_two(0.0, 0.2, (0.9, 0.9), apart=True, both_ask=False, words=12)
    asked = pairs.chance_of_two(0.0, 0.2, (0.9, 0.9), apart=True, both_ask=True, words=12)
    assert 0 < plain < apart < asked < 1
    assert pairs.chance_of_two(0.0, 0.02, (0.9, 0.9), apart=True, both_ask=True, words=12) < asked
    assert pairs.chance_of_two(2.0, 0.2, (0.9, 0.9), apart=True, both_ask=True, words=12) > asked
    assert pairs.chance_of_two(0.0, 0.0, (0.0, 1.0), apart=True, both_ask=True, words=0) > 0


def test_no_parts_make_two_likelier_than_the_most_it_can_become():
    random = np.random.RandomState(0)
    for network, second, one, other in random.rand(200, 4):
        most = pairs.most_of_two(network, second, words=9)
        assert all(pairs.chance_of_two(network, second, (one, other), apart, True, words=9) <= most for apart in (False, True))


def test_a_table_changes_only_the_rows_that_were_read():
    import tensorflow as tf

    start = np.arange(12, dtype=np.float32).reshape(4, 3)
    table = Table(start.copy())
    rows, where = touched(np.array([2, 0, 2]), np.array([0, 0, 1]))  # a batch of two texts: rows 2 and 0, and row 2 again
    with tf.GradientTape() as tape:
        read = table.read(rows)
        tape.watch(read)
        sums = Table.sums(read, where, np.array([1, 2, 3], dtype=np.float32), 2)
        loss = tf.reduce_sum(sums)
    assert np.allclose(sums, [start[2] + 2 * start[0], 3 * start[2]])
    table.change(rows, tape.gradient(loss, read))
    changed = start - table.numpy()
    assert np.array_equal(changed[[1, 3]], np.zeros((2, 3)))
    # Adagrad: both values that row 2 counts with make one gradient
    expected = [Table.FASTEST * gradient / (0.01 + gradient**2) ** 0.5 for gradient in (2.0, 4.0)]
    assert np.allclose(changed[[0, 2]], np.array(expected)[:, None], atol=1e-4)
