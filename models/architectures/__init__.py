"""Networks, and the registry that builds one by the name on a card.

A network of ours is a module here and an entry in `registry.py`.
"""
