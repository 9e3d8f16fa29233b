"""Pure functions on Dutch and English text; nothing here imports Rasa."""
