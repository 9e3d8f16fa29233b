"""When to answer, when to ask back. A wrong answer costs more than a question back."""

ANSWER = 0.50  # of the topic: answer from here
CLARIFY = 0.15  # of the topic: "Bedoelt u …?" from here, else say that it is not understood
CANDIDATE = 0.05  # a topic below this is no candidate
CANDIDATES_AT_MOST = 3

ELSEWHERE = 0.11  # that it is another organisation's: from here a question is not answered, but asked back
OURS_TOO = 0.30  # the other way round: from here that it is ours, nobody is sent elsewhere

ASPECT = 0.35  # of the aspect: below this, ask what about the topic the question is
ASPECT_CLEAR = 0.50  # above this the aspect is meant, also where the topic has no answer for it
ASPECT_POSSIBLE = 0.20  # another aspect may be meant from here

TWO = 0.20  # that a message is two questions: from here both are answered

ON_TOPIC = 0.50  # of the subject before, when the message is read behind it: it is kept from here
SURELY_ON_TOPIC = 0.90  # the same for what was taken for small talk or another's business …
OTHER_KIND = 0.90  # … unless that is as sure as this

GIVE_UP = 2  # failed turns in a row
