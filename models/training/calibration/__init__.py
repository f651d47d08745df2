"""Fits a card's [doubt] table to photos that the model was not trained on."""
