"""Each row of the HTTP contract has a test named after it."""
