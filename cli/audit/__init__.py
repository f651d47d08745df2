"""`cropshield audit`: where a model is wrong, where it looks, and which labels to check."""
