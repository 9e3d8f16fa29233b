"""A small neural network that sees words in a bag: one hidden layer, for labels and aspects, over the features of features.py.

It is trained with TensorFlow, which Rasa brings along, and asked with numpy: a turn adds up what its words are remembered
to add, and some 30 rows of a table, and multiplies twice by a small matrix.
"""

import functools
import math
from typing import Callable, Dict, Iterator, List, Sequence, Tuple

import numpy as np
from scipy import sparse

from bot.components.features import Features, Row, words_of
from bot.components.targets import Table, Targets, learning_rate, touched
from bot.language.normalise import remembered

HIDDEN = 256
BATCH = 128
EPOCHS = 10
INPUT_SCALE = 3.0  # rows have length 1 for each set of features: too little for the hidden layer to start with
INPUT_DROPPED, HIDDEN_DROPPED = 0.2, 0.5  # shares left out while training, so that no single word decides


class BagOfWords:
    """Texts come in normalised (bot/language/normalise.py)."""

    def __init__(self) -> None:
        self.features = Features()
        self.labels: List[str] = []
        self.aspects: List[str] = []
        self.arrays: Dict[str, np.ndarray] = {}

    def learn(self, texts: Sequence[str], labels: Sequence[str], aspects: Sequence[str]) -> "BagOfWords":
        """`aspects` holds "" where a message has none. Takes some minutes; the same examples give the same network."""
        import tensorflow as tf

        tf.random.set_seed(0)
        random = np.random.RandomState(0)
        vectors = self.features.learn(texts)
        targets = Targets(labels, aspects)
        self.labels, self.aspects = targets.labels, targets.aspects

        def numbers(rows: int, columns: int, spread: float) -> np.ndarray:
            return random.randn(rows, columns).astype(np.float32) * spread

        table = Table(numbers(vectors.shape[1], HIDDEN, 0.02))
        hidden_bias = tf.Variable(tf.zeros(HIDDEN))
        to_label, label_bias = tf.Variable(numbers(HIDDEN, len(self.labels), 0.05)), tf.Variable(tf.zeros(len(self.labels)))
        to_aspect, aspect_bias = tf.Variable(numbers(HIDDEN, len(self.aspects), 0.05)), tf.Variable(tf.zeros(len(self.aspects)))
        small = [hidden_bias, to_label, label_bias, to_aspect, aspect_bias]
        for_small = tf.keras.optimizers.legacy.Adam(0.002)
        whole, pairs, real = tf.TensorSpec([None], tf.int64), tf.TensorSpec([None, 2], tf.int64), tf.TensorSpec([None], tf.float32)

        @tf.function(input_signature=[whole, pairs, real, whole, whole], autograph=False)
        def step(rows, where, values, label, aspect):  # traced by TensorFlow
            with tf.GradientTape() as tape:
                read = table.read(rows)
                tape.watch(read)
                hidden = Table.sums(read, where, values, tf.shape(label)[0]) * INPUT_SCALE + hidden_bias
                hidden = tf.nn.dropout(tf.nn.relu(hidden), HIDDEN_DROPPED)
                loss = targets.loss(label, hidden @ to_label + label_bias, aspect, hidden @ to_aspect + aspect_bias)
            first, *rest = tape.gradient(loss, [read, *small])
            table.change(rows, first)
            for_small.apply_gradients(zip(rest, small, strict=True))

        for epoch in range(EPOCHS):
            for_small.learning_rate = learning_rate(epoch)
            for rows in _batches(random.permutation(len(labels))):
                step(*_flat(vectors[rows], random), targets.label[rows], targets.aspect[rows])
        rows, steps = in_steps(table.numpy() * INPUT_SCALE)
        self.arrays = {
            "table": rows,
            "steps": steps,
            "hidden_bias": hidden_bias.numpy(),
            "to_label": to_label.numpy(),
            "label_bias": label_bias.numpy(),
            "to_aspect": to_aspect.numpy(),
            "aspect_bias": aspect_bias.numpy(),
        }
        return self

    @functools.cached_property
    def _of_word(self) -> Callable[[str], Tuple[np.ndarray, float]]:
        """A word to what its groups of characters add to the hidden layer, and to the square of their length."""

        @remembered
        def of_word(word: str) -> Tuple[np.ndarray, float]:
            groups = self.features.groups_in(word)
            return self._sum(groups), float(groups.values @ groups.values)

        return of_word

    def _sum(self, row: Row) -> np.ndarray:
        return (row.values * self.arrays["steps"][row.ids]) @ self.arrays["table"][row.ids].astype(np.float32)

    def scores(self, text: str) -> Tuple[np.ndarray, np.ndarray]:
        """Of the labels and of the aspects, in the order of their names; a softmax makes chances of them."""
        a = self.arrays
        hidden = self._sum(self.features.others_in(text)) + a["hidden_bias"]
        words = [self._of_word(word) for word in words_of(text)]
        if words:
            sums, squares = zip(*words, strict=True)
            hidden += np.add.reduce(sums) / (math.sqrt(sum(squares)) or 1.0)
        hidden = np.maximum(hidden, 0)
        return hidden @ a["to_label"] + a["label_bias"], hidden @ a["to_aspect"] + a["aspect_bias"]

    def state(self) -> Dict[str, object]:
        return {name: getattr(self, name) for name in ("features", "labels", "aspects", "arrays")}

    @classmethod
    def from_state(cls, state: Dict[str, object]) -> "BagOfWords":
        made = cls()
        vars(made).update(state)
        return made


def in_steps(table: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """The table in whole steps from -127 to 127, and how large a step of each row is: a quarter of the memory, and quickly read."""
    steps = np.maximum(np.abs(table).max(axis=1), 1e-12).astype(np.float32) / 127
    return np.rint(table / steps[:, None]).astype(np.int8), steps


def _batches(order: np.ndarray) -> Iterator[np.ndarray]:
    return (order[start : start + BATCH] for start in range(0, len(order), BATCH))


def _flat(vectors: sparse.csr_matrix, random: np.random.RandomState) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What `step` reads of a batch: the rows of its features, which text has which, and how much each counts; some are left out."""
    kept = random.rand(vectors.nnz) >= INPUT_DROPPED
    texts = np.repeat(np.arange(vectors.shape[0]), np.diff(vectors.indptr))[kept]
    return (*touched(vectors.indices[kept], texts), vectors.data[kept].astype(np.float32) / (1 - INPUT_DROPPED))
