"""Our own test questions: written apart from the training examples, by people who had not read those."""
