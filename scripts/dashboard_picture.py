"""Take the docs' picture of the dashboard anew: `python -m scripts.dashboard_picture`.

A real server under load, a real Prometheus, and every query of deploy/watch/dashboard.json, drawn
where Grafana would draw it. Not by Grafana, of which no package is to be had. Takes some minutes,
and needs Debian's prometheus.
"""

import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.gridspec import GridSpec
from matplotlib.ticker import EngFormatter, Formatter, FuncFormatter, PercentFormatter
from PIL import Image

from pictures.drawn_leaves.leaves import draw_leaf
from pictures.scenes import draw_scene

ROOT = Path(__file__).parents[1]
WATCH, PICTURE = ROOT / "deploy/watch", ROOT / "docs/images/dashboard.jpg"
SECONDS, RATE_SECONDS = 150, 20
PORT, PROMETHEUS = 18_437, 18_438
CLIENTS, PHOTOS = 4, 24
CONFIG = f"""
global: {{scrape_interval: 2s}}
scrape_configs:
  - job_name: cropshield
    static_configs: [{{targets: ["127.0.0.1:{PORT}"]}}]
"""
LOOK: dict[str, Any] = {
    "figure.facecolor": "#111217",
    "axes.facecolor": "#181b1f",
    "axes.edgecolor": "#2c3235",
    "grid.color": "#2c3235",
    "text.color": "#ccccdc",
    "axes.labelcolor": "#ccccdc",
    "xtick.color": "#8e8e9a",
    "ytick.color": "#8e8e9a",
    "font.size": 7,
}
UNITS: dict[str, Callable[[], Formatter]] = {  # one for each panel: a formatter knows its axis
    "s": lambda: EngFormatter("s"),
    "Bps": lambda: EngFormatter("B/s"),
    "ops": lambda: FuncFormatter(lambda value, _: f"{value:g}/s"),
    "reqps": lambda: FuncFormatter(lambda value, _: f"{value:g}/s"),
    "percentunit": lambda: PercentFormatter(1, decimals=0),
    "short": lambda: FuncFormatter(lambda value, _: f"{value:g}"),
    "bool_on_off": lambda: FuncFormatter(lambda value, _: "On" if value else "Off"),
}


@contextmanager
def running(*command: str, **settings: str) -> Iterator[None]:
    process = subprocess.Popen(command, env=os.environ | settings, stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def wait_for(url: str, seconds: float = 120) -> None:
    """Raises TimeoutError."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if httpx2.get(url).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.5)
    raise TimeoutError(url)


def photo(number: int) -> bytes:
    """Mostly a leaf; at times a document, or a file that was cut off."""
    buffer, rare = io.BytesIO(), random.random()
    if rare < 0.05:
        draw_scene("document", number, (640, 480)).save(buffer, "JPEG")
    else:
        kind = ("blight", "spots", "healthy")[number % 3]
        draw_leaf(kind, seed=number, size=(1280, 720)).photo.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()[: 4000 if rare > 0.9 else None]


def send_photos(photos: list[bytes], until: float) -> None:
    """In waves, as a day has them; a client looks at half of its overlays."""
    with httpx2.Client(base_url=f"http://127.0.0.1:{PORT}", timeout=60) as http:
        while (left := until - time.monotonic()) > 0:
            fresh = random.choice(photos) + os.urandom(4)  # no result of before fits
            job = http.post("/v1/jobs", content=fresh, headers={"Prefer": "wait=10"}).json()
            if job.get("state") == "succeeded" and random.random() < 0.5:
                http.get(job["links"]["overlay"])
            calm = 0.5 + 0.5 * abs((left % 120) - 60) / 60
            time.sleep(calm * random.random() * 0.6)


def ask(kind: str, query: str, **more: str) -> list[dict[str, Any]]:
    query = query.replace("$__rate_interval", f"{RATE_SECONDS}s").replace("$__range", f"{SECONDS}s")
    url = f"http://127.0.0.1:{PROMETHEUS}/api/v1/{kind}"
    found: list[dict[str, Any]] = httpx2.get(url, params={"query": query} | more).json()["data"][
        "result"
    ]
    return found


def draw(panels: list[dict[str, Any]], start: float, end: float) -> None:
    """Every panel at its place, a quarter of an inch a row."""
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    figure = plt.figure(figsize=(12, height / 5))
    grid = GridSpec(height, 24, figure, left=0.05, right=1.0, top=0.985, bottom=-0.01)
    for panel in panels:
        x, y, w, h = (panel["gridPos"][name] for name in "xywh")
        axes = figure.add_subplot(grid[y : y + h - 2, x : x + w - 1])
        axes.set_title(panel["title"], loc="left", fontsize=8)
        unit = UNITS[panel["fieldConfig"]["defaults"]["unit"]]()
        if panel["type"] == "stat":
            draw_stat(axes, panel, unit)
        else:
            draw_series(axes, panel, unit, start, end)
    figure.savefig(buffer := io.BytesIO(), dpi=100)
    with Image.open(buffer) as picture:
        picture.convert("RGB").save(PICTURE, quality=82, optimize=True)


def draw_stat(axes: Axes, panel: dict[str, Any], unit: Formatter) -> None:
    found = ask("query", panel["targets"][0]["expr"])
    unit.create_dummy_axis()
    shown = unit(float(found[0]["value"][1])) if found else "No data"
    axes.set_axis_off()
    axes.text(0.5, 0.4, shown, ha="center", va="center", fontsize=17, color="#73bf69")


def draw_series(
    axes: Axes, panel: dict[str, Any], unit: Formatter, start: float, end: float
) -> None:
    for target in panel["targets"]:
        for series in ask("query_range", target["expr"], start=f"{start}", end=f"{end}", step="2"):
            label = re.sub(
                r"\{\{(\w+)\}\}",
                lambda name, of=series["metric"]: of.get(name[1], ""),  # type: ignore[misc]
                target["legendFormat"],
            )
            times = [at - start for at, _ in series["values"]]
            axes.plot(times, [float(value) for _, value in series["values"]], lw=1, label=label)
    axes.set_xlim(0, end - start)
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, lw=0.5)
    axes.yaxis.set_major_formatter(unit)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:.0f} s"))
    if axes.lines:
        axes.legend(loc="upper left", fontsize=5.5, ncols=3, frameon=False)


def main() -> None:
    mpl.use("Agg")
    plt.style.use(LOOK)
    with tempfile.TemporaryDirectory(prefix="cropshield-") as folder, ExitStack() as started:
        home, config = Path(folder), Path(folder, "prometheus.yml")
        config.write_text(CONFIG)
        serve = [sys.executable, "-m", "cli", "serve", "--port", str(PORT), "--workers", "1"]
        started.enter_context(running(*serve, CROPSHIELD_HOME=str(home / "var")))
        wait_for(f"http://127.0.0.1:{PORT}/readyz")
        program = shutil.which("prometheus") or "prometheus"
        listen = f"--web.listen-address=127.0.0.1:{PROMETHEUS}"
        where = [f"--config.file={config}", f"--storage.tsdb.path={home / 'tsdb'}", listen]
        started.enter_context(running(program, *where, "--log.level=error"))
        wait_for(f"http://127.0.0.1:{PROMETHEUS}/-/ready")
        photos = [photo(number) for number in range(PHOTOS)]
        start, until = time.time(), time.monotonic() + SECONDS
        clients = [
            threading.Thread(target=send_photos, args=(photos, until)) for _ in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        draw(json.loads((WATCH / "dashboard.json").read_text())["panels"], start, time.time())


if __name__ == "__main__":
    main()
