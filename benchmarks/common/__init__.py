"""What several benchmarks share; none of these modules is a benchmark by itself."""
