"""The body of a request: read within limits, kept in memory or a file."""
