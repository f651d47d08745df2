"""The network of a card, in torch: its weights, and how a photo becomes its input."""
