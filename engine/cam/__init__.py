"""Class activation maps: a forward pass, its gradients, and the methods that turn them into maps.

A method is written three times: in `torch_methods.py`, `closed_form.py` (graphs with a linear head)
and `numpy_methods.py` (other graphs). Nothing here knows which runtime runs the model.
"""
