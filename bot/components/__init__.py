"""Rasa graph components: thin adapters around bot/language."""
