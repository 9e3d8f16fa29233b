"""What both networks learn, and how fast: bag_of_words.py and word_order.py."""

from typing import Any, Sequence

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
