"""Class activation maps: a forward pass, its gradients, and the methods that turn them into maps.

A new method belongs into `methods.py`. Nothing here knows which runtime runs the model.
"""
