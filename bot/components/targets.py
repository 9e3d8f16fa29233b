"""What both networks learn, how fast, and the large tables that they learn: bag_of_words.py and word_order.py."""

from typing import Any, Sequence, Tuple

import numpy as np

STEADY = 4  # epochs at the full rate; after them it falls


class Targets:
    """The names of labels and aspects, and their numbers for each text; -1 for no aspect."""

    def __init__(self, labels: Sequence[str], aspects: Sequence[str]) -> None:
        self.labels, self.aspects = sorted(set(labels)), sorted(set(aspects) - {""})
        self.label = np.searchsorted(self.labels, labels)
        self.aspect = np.array([self.aspects.index(name) if name else -1 for name in aspects])

    @staticmethod
    def loss(label: Any, label_scores: Any, aspect: Any, aspect_scores: Any) -> Any:
        """Of a batch, as TensorFlow's tensors: both count alike; a text without an aspect has none to learn."""
        import tensorflow as tf

        for_label = tf.nn.sparse_softmax_cross_entropy_with_logits(label, label_scores)
        for_aspect = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(aspect, 0), aspect_scores)
        return tf.reduce_mean(for_label) + tf.reduce_mean(tf.cast(aspect >= 0, tf.float32) * for_aspect)


def learning_rate(epoch: int) -> float:
    """Of all but the tables."""
    return float(0.002 * 0.6 ** max(0, epoch - STEADY + 1))


class Table:
    """A large table of which a batch touches few rows. Sums of its rows are read; Adagrad changes those that were read.

    Each row is fetched and changed once for a batch, however many of its texts have it: with a gradient for each of them, which
    TensorFlow's own look-up has, the tables took three quarters of the training.
    """

    FASTEST = 0.08

    def __init__(self, start: np.ndarray) -> None:
        import tensorflow as tf

        self._rows, self._changes = tf.Variable(start), tf.Variable(tf.fill(start.shape, 0.01))
        self.rate = tf.Variable(self.FASTEST)

    def read(self, rows: Any) -> Any:
        """Inside a step: the tensor that the gradient is asked of."""
        import tensorflow as tf

        return tf.gather(self._rows, rows)

    @staticmethod
    def sums(read: Any, where: Any, values: Any, count: Any) -> Any:
        """(count, columns): entry n of `where` says which sum value n counts for, and which row of `read` it multiplies."""
        import tensorflow as tf

        shape = tf.stack([tf.cast(count, tf.int64), tf.shape(read, tf.int64)[0]])
        return tf.sparse.sparse_dense_matmul(tf.SparseTensor(where, values, shape), read)

    def change(self, rows: Any, gradient: Any) -> None:
        import tensorflow as tf

        tf.raw_ops.ResourceSparseApplyAdagradV2(
            var=self._rows.handle, accum=self._changes.handle, lr=self.rate, epsilon=1e-7, grad=gradient, indices=rows
        )

    def numpy(self) -> np.ndarray:
        return self._rows.numpy()


def touched(ids: np.ndarray, sums: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """The rows that a batch touches, each once, and the `where` of `Table.sums` for entries that add row `ids` to `sums`."""
    rows, at = np.unique(ids, return_inverse=True)
    return rows.astype(np.int64), np.stack([sums, at], axis=1).astype(np.int64)
