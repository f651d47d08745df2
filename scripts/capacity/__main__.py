"""Write the tables of what a server carries anew: `python -m scripts.capacity`.

Their figures come from benchmarks/results; run it after a benchmark whose figures are kept.
"""

from scripts.capacity.pages import PAGES, refreshed

if __name__ == "__main__":
    for page in PAGES:
        page.write_text(refreshed(page.read_text("utf-8")), "utf-8")
