"""A neural network that sees words in their order, beside the one that sees them in a bag (bag_of_words.py).

A word is the sum of its groups of characters, and of the word itself where it is known: a mistyped or a new word still
has a meaning. One layer reads each word with its neighbours; four weighted means over the message, learnt so that each looks
at what matters to it, and the maximum, are what it tells labels and aspects from, and whether there are two questions.
"""

import functools
from collections import Counter
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np

from bot.components.targets import Table, Targets, learning_rate, touched
from bot.language.normalise import remembered

DIMENSIONS, HIDDEN, HEADS = 128, 256, 4
GROUPS = (3, 4, 5)  # lengths of the groups of characters
KNOWN_FROM = 2  # texts or words in which a word or a group must stand to be known
BATCH, EPOCHS = 128, 7
WORDS_AT_MOST = 120  # of a message
PART_DROPPED, WORD_DROPPED, HIDDEN_DROPPED = 0.1, 0.1, 0.4  # shares left out while training

Names = Dict[str, int]


class WordOrder:
    """Texts come in normalised (bot/language/normalise.py)."""

    def __init__(self) -> None:
        self.labels: List[str] = []
        self.aspects: List[str] = []
        self.known: Names = {}  # the row of the table for each word ("=word") and each group of characters
        self.arrays: Dict[str, np.ndarray] = {}

    def learn(self, texts: Sequence[str], labels: Sequence[str], aspects: Sequence[str], two: Sequence[bool] = ()) -> "WordOrder":
        """`aspects` holds "" where a message has none, `two` whether it asks about two subjects (none does if it is empty).

        Takes some minutes; the same examples give the same network.
        """
        import tensorflow as tf

        tf.random.set_seed(0)
        random = np.random.RandomState(0)
        targets = Targets(labels, aspects)
        self.labels, self.aspects = targets.labels, targets.aspects
        self.known = _known(texts)

        def variable(rows: int, columns: int, spread: float) -> tf.Variable:
            return tf.Variable(random.randn(rows, columns).astype(np.float32) * spread)

        table = Table(random.randn(len(self.known), DIMENSIONS).astype(np.float32) * 0.1)
        near, near_bias = variable(3 * DIMENSIONS, HIDDEN, (3 * DIMENSIONS) ** -0.5), tf.Variable(tf.zeros(HIDDEN))
        attention = variable(HIDDEN, HEADS, 0.01)
        seen = (HEADS + 1) * HIDDEN
        to_label, label_bias = variable(seen, len(self.labels), 0.03), tf.Variable(tf.zeros(len(self.labels)))
        to_aspect, aspect_bias = variable(seen, len(self.aspects), 0.03), tf.Variable(tf.zeros(len(self.aspects)))
        to_two, two_bias = variable(seen, 1, 0.03), tf.Variable(tf.zeros(1))
        small = [near, near_bias, attention, to_label, label_bias, to_aspect, aspect_bias, to_two, two_bias]
        of_two = np.array(two or [False] * len(texts), dtype=np.float32)
        for_small = tf.keras.optimizers.legacy.Adam(0.002)
        whole, real = tf.TensorSpec([None], tf.int64), tf.TensorSpec([None], tf.float32)
        pairs = tf.TensorSpec([None, 2], tf.int64)
        shapes = [whole, pairs, real, tf.TensorSpec([None, None], tf.int64), tf.TensorSpec([None, None], tf.float32), whole, whole, real]

        @tf.function(input_signature=shapes, autograph=False)
        def step(rows, where, shares, grid, mask, label, aspect, is_two):  # traced by TensorFlow
            with tf.GradientTape() as tape:
                read = table.read(rows)
                tape.watch(read)
                # a word is multiplied once for a batch, and the results fetched wherever it stands; the last row is no word
                none = tf.reduce_max(grid) + 1
                words = tf.pad(Table.sums(read, where, shares, none), [[0, 1], [0, 0]])
                here = tf.where(mask > 0, grid, none)
                before = tf.pad(here, [[0, 0], [1, 0]], constant_values=none)[:, :-1]
                after = tf.pad(here, [[0, 0], [0, 1]], constant_values=none)[:, 1:]
                by_place = zip(tf.split(near, 3), (before, here, after), strict=True)
                hidden = tf.nn.relu(tf.add_n([tf.gather(words @ part, ids) for part, ids in by_place]) + near_bias)
                looks = tf.reshape(tf.reshape(hidden, [-1, HIDDEN]) @ attention, [tf.shape(grid)[0], -1, HEADS])
                weights = tf.nn.softmax(looks + (mask[:, :, None] - 1) * 1e9, axis=1)
                means = tf.reshape(tf.matmul(weights, hidden, transpose_a=True), [-1, HEADS * HIDDEN])
                pooled = tf.nn.dropout(tf.concat([means, tf.reduce_max(hidden * mask[:, :, None], axis=1)], -1), HIDDEN_DROPPED)
                loss = targets.loss(label, pooled @ to_label + label_bias, aspect, pooled @ to_aspect + aspect_bias)
                asks_two = tf.nn.sigmoid_cross_entropy_with_logits(is_two, (pooled @ to_two + two_bias)[:, 0])
                loss += tf.reduce_mean(asks_two)
            first, *rest = tape.gradient(loss, [read, *small])
            table.change(rows, first)
            for_small.apply_gradients(zip(rest, small, strict=True))

        numbers: Names = {}
        rows = [np.array([numbers.setdefault(word, len(numbers)) for word in _words(text)], dtype=np.int64) for text in texts]
        parts = [np.array(_parts(word, self.known), dtype=np.int64) for word in numbers]
        lengths = np.array([len(row) for row in rows])
        for epoch in range(EPOCHS):
            for_small.learning_rate = learning_rate(epoch)
            table.rate.assign(Table.FASTEST * 0.7 ** max(0, epoch - 3))
            order = np.argsort(lengths + random.rand(len(rows)) * 4)  # messages of like length together
            batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
            random.shuffle(batches)
            for batch in batches:
                step(*_batch([rows[i] for i in batch], parts, random), targets.label[batch], targets.aspect[batch], of_two[batch])
        self.arrays = {
            "table": table.numpy().astype(np.float16),
            "near": near.numpy(),
            "near_bias": near_bias.numpy(),
            "attention": attention.numpy(),
            "to_label": to_label.numpy(),
            "label_bias": label_bias.numpy(),
            "to_aspect": to_aspect.numpy(),
            "aspect_bias": aspect_bias.numpy(),
            "to_two": to_two.numpy(),
            "two_bias": two_bias.numpy(),
        }
        return self

    @functools.cached_property
    def _seen(self) -> Callable[[str], np.ndarray]:
        """A word to what it adds to the layer (3, HIDDEN) of the word after it, of itself and of the word before it."""
        table, near = self.arrays["table"], self.arrays["near"].reshape(3, DIMENSIONS, HIDDEN)

        @remembered
        def seen(word: str) -> np.ndarray:
            parts = _parts(word, self.known)
            return table[parts].astype(np.float32).sum(axis=0) / max(1, len(parts)) ** 0.5 @ near

        return seen

    @functools.cached_property
    def _of_label(self) -> np.ndarray:
        return np.ascontiguousarray(self.arrays["to_label"].T)

    def scores(self, text: str, among: Optional[np.ndarray] = None) -> Tuple[np.ndarray, np.ndarray, float]:
        """Of the labels and of the aspects, in the order of their names; and of being about two subjects, as log odds.

        `among`: the numbers of the labels that can be meant; the others get minus infinity, and cost nothing.
        """
        a = self.arrays
        said = np.stack([self._seen(word) for word in _words(text)])
        hidden = said[:, 1] + a["near_bias"]
        hidden[1:] += said[:-1, 0]
        hidden[:-1] += said[1:, 2]
        hidden = np.maximum(hidden, 0)
        weights = np.exp(hidden @ a["attention"])
        pooled = np.concatenate([((weights / weights.sum(axis=0)).T @ hidden).ravel(), hidden.max(axis=0)])
        two = float((pooled @ a["to_two"] + a["two_bias"])[0])
        if among is None:
            labels = pooled @ a["to_label"] + a["label_bias"]
        else:
            labels = np.full(len(self.labels), -np.inf, dtype=np.float32)
            labels[among] = self._of_label[among] @ pooled + a["label_bias"][among]
        return labels, pooled @ a["to_aspect"] + a["aspect_bias"], two

    def state(self) -> Dict[str, object]:
        return {name: getattr(self, name) for name in ("labels", "aspects", "known", "arrays")}

    @classmethod
    def from_state(cls, state: Dict[str, object]) -> "WordOrder":
        made = cls()
        vars(made).update(state)
        return made


def learn_alone(*examples: Any) -> Dict[str, object]:
    """The state of a network that learnt `examples`, in a process that does nothing else."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)  # the process that started this one has the other core
    tf.config.threading.set_inter_op_parallelism_threads(1)
    return WordOrder().learn(*examples).state()


def _words(text: str) -> List[str]:
    return text.split()[:WORDS_AT_MOST] or [""]


def _groups(word: str) -> List[str]:
    padded = f"<{word}>"
    return [padded[at : at + size] for size in GROUPS for at in range(len(padded) - size + 1)]


def _known(texts: Sequence[str]) -> Names:
    words = Counter(word for text in texts for word in set(_words(text)))
    groups = Counter(group for word in words for group in set(_groups(word)))
    names = [f"={word}" for word, count in words.items() if count >= KNOWN_FROM]
    names += [group for group, count in groups.items() if count >= KNOWN_FROM]
    return {name: at for at, name in enumerate(sorted(names))}


def _parts(word: str, known: Names) -> List[int]:
    return [known[name] for name in (f"={word}", *_groups(word)) if name in known]


def _batch(rows: List[np.ndarray], parts: List[np.ndarray], random: np.random.RandomState) -> Tuple[Any, ...]:
    """What `step` reads: the rows of the words' parts, which word has which, how much each counts; the words of the texts, and a mask."""
    grid = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    mask = np.zeros(grid.shape, dtype=np.float32)
    for at, row in enumerate(rows):
        grid[at, : len(row)], mask[at, : len(row)] = row, 1
    used, back = np.unique(grid, return_inverse=True)
    mask *= random.rand(*mask.shape) >= WORD_DROPPED
    mask[:, 0] = np.maximum(mask[:, 0], mask.max(axis=1) == 0)  # one word stays
    counts = np.array([len(parts[word]) for word in used])
    words, shares = np.repeat(np.arange(len(used)), counts), np.repeat(np.maximum(counts, 1) ** -0.5, counts)
    kept = random.rand(len(words)) >= PART_DROPPED
    flat = np.concatenate([parts[word] for word in used])
    return *touched(flat[kept], words[kept]), shares[kept].astype(np.float32), back.reshape(grid.shape).astype(np.int64), mask
