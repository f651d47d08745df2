"""Who hands photos in, whatever happens to the server."""

import io
import random
import socket
import threading
import time

import httpx2

from benchmarks.chaos.outcome import Outcome
from pictures.drawn_leaves.leaves import draw_leaf


class Client(threading.Thread):
    """Posts photos, tries again when refused, and sometimes hangs up before the answer."""

    def __init__(self, port: int, count: int, seed: int, outcome: Outcome) -> None:
        super().__init__(daemon=True)
        self._url, self._count, self._outcome = f"http://127.0.0.1:{port}", count, outcome
        self._random, self.ids = random.Random(seed), list[str]()
        self._photos = [photo(seed * 10 + i) for i in range(3)]

    def run(self) -> None:
        with httpx2.Client(base_url=self._url, timeout=20) as http:
            while len(self.ids) < self._count:
                if self._random.random() < 0.02:
                    self._hang_up()
                self._submit(http)

    def _submit(self, http: httpx2.Client) -> None:
        try:
            chosen = self._random.choice(self._photos)
            answer = http.post("/v1/jobs", content=chosen, headers={"Cache-Control": "no-cache"})
        except httpx2.TransportError:  # the API is being restarted
            time.sleep(0.2)
            return
        if answer.status_code == 202:
            self.ids.append(answer.json()["id"])
        elif answer.status_code == 503:
            self._outcome.refused += 1
            time.sleep(0.3)
        else:
            self._outcome.strange[f"{answer.status_code} {answer.text[:200]}"] += 1

    def _hang_up(self) -> None:
        """Half a request, and gone."""
        self._outcome.hung_up += 1
        host, port = self._url.removeprefix("http://").split(":")
        try:
            with socket.create_connection((host, int(port)), timeout=2) as connection:
                connection.sendall(
                    b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n"
                )
        except OSError:
            return  # nobody there to hang up on


def photo(seed: int) -> bytes:
    buffer = io.BytesIO()
    draw_leaf("spots", seed=seed, size=(320, 240)).photo.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()
