"""The running product, and its users: a real `wegwijs serve` with Rasa, driven over its own sockets."""
