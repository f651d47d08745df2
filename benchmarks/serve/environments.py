"""Environments of the peers: each its own, beside which the packages of this one are seen."""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
PEERS = {"litserve": "litserve", "ray": "ray[serve]", "bentoml": "bentoml", "flask": "flask"}


def python_of(peer: str, folder: Path) -> Path:
    """The interpreter of the peer's environment, which is made if it is not there. What the engine
    needs is taken from this environment by a path file, so that both run the same of it."""
    place = folder / peer
    python, done = place / "bin/python", place / ".done"
    if not done.exists():
        print(f"making an environment for {peer} in {place}", flush=True)
        venv.create(place, with_pip=True, clear=True)
        (site,) = place.glob("lib/python*/site-packages")
        ours = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), HERE)
        (site / "engine.pth").write_text(
            "".join(f"{path}\n" for path in dict.fromkeys(map(str, ours)))
        )
        command = [str(python), "-m", "pip", "install", "--quiet", PEERS[peer]]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        done.touch()
    return python


def versions(peer: str, python: Path) -> str:
    """The release that is installed."""
    program = f"from importlib.metadata import version; print(version('{peer}'))"
    return subprocess.run(
        [str(python), "-c", program], check=True, capture_output=True, text=True
    ).stdout.strip()


if __name__ == "__main__":
    for name in PEERS:
        print(name, versions(name, python_of(name, Path(sys.argv[1]))))
