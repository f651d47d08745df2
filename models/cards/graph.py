"""The graph of a model on its card: a file that runs without torch."""

from models.cards.recipe import CardTable


class Graph(CardTable):
    """The table that `cropshield models export` writes to a card. `file`, ONNX, lies beside the
    weights.

    It belongs to the weights, target layer and input size that it names, and to no others.
    """

    file: str
    sha256: str
    weights_sha256: str
    target_layer: str
    size: int
