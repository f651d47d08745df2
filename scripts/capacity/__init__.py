"""The tables of what a server carries, of the files in benchmarks/results."""
