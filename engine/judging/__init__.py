"""How good a model is, as it is served: figures, shortcuts, and two models compared."""
