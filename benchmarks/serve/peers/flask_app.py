"""The usual server of a tutorial: Flask, a photo at a time, whole decode, full backward."""

import sys
import threading

from flask import Flask, Response, request

from benchmarks.common.networks import LAYERS, network
from benchmarks.pipeline import script

ARCHITECTURE = "cropshield_cnn"
app, turn, model = Flask(__name__), threading.Lock(), network(ARCHITECTURE)
layer = model.get_submodule(LAYERS[ARCHITECTURE])


@app.get("/")
def alive() -> Response:
    return Response()


@app.post("/")
def overlay() -> Response:
    with turn:  # a model's hooks are no place for two at once
        return Response(script(model, layer, request.get_data()), mimetype="image/jpeg")


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]), threaded=True)
