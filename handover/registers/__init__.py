"""Registers around the municipality. Each is a folder with a client and a mapping, behind the interface of register.py."""
