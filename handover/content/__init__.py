"""What the municipality says: facts, opening hours, answers, fixed texts. All read from data/, no code."""
