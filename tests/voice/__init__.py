"""Calls through the real endpoints of the service, with a bot that says what a test wants."""
