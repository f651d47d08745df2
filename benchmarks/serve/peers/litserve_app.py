"""LitServe: one process for HTTP, one for the model; batches of up to 16."""

import sys
from typing import Annotated, Any

import litserve
from fastapi import File, Response

from benchmarks.serve.work import BATCH, Work


class Leaves(litserve.LitAPI):
    def setup(self, device: str) -> None:  # noqa: ARG002 - the engine chooses it
        self.work = Work()

    def decode_request(self, request: Annotated[bytes, File()]) -> bytes:
        return request

    def batch(self, inputs: list[bytes]) -> list[bytes]:
        return inputs

    def predict(self, x: list[bytes]) -> list[bytes]:
        return self.work.overlays(x)

    def unbatch(self, output: list[bytes]) -> list[bytes]:
        return output

    def encode_response(self, output: bytes) -> Any:
        return Response(output, media_type="image/jpeg")


if __name__ == "__main__":
    api = Leaves(max_batch_size=BATCH, batch_timeout=0.005)
    server = litserve.LitServer(api, accelerator="cpu", timeout=120)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False)
