"""What runs inside Rasa: the channel, the understanding of Dutch and English, and the start of the process."""
