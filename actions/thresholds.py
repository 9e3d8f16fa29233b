"""When to answer, when to ask back. A wrong answer costs more than a question back."""

ANSWER = 0.50  # of the topic: answer from here
CLARIFY = 0.15  # of the topic: "Bedoelt u …?" from here, else say that it is not understood
CANDIDATE = 0.05  # a topic below this is no candidate
CANDIDATES_AT_MOST = 3

ASPECT = 0.35  # of the aspect: below this, ask what about the topic the question is
ASPECT_CLEAR = 0.50  # above this the aspect is meant, also where the topic has no answer for it
ASPECT_POSSIBLE = 0.20  # another aspect may be meant from here

PART = 0.90  # of a part of the message: two parts this sure of different topics are two questions
PART_NAMED = 4  # words: a shorter part ("en een rijbewijs") asks what the part before it asks

FOLLOW_UP = 0.80  # "en wat kost dat?" keeps its subject unless another one is as sure as this
SHORT_FOLLOW_UP = 0.40  # a short question without a subject keeps it below this
SHORT = 6  # words

GIVE_UP = 2  # failed turns in a row
