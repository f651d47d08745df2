"""Many workers, several API processes, one Redis: see `benchmarks.scale.__main__`."""
