"""The engine and a worker on a GPU: see `benchmarks.gpu.__main__`."""
