"""Wegwijs: everything between a resident and an answer."""
