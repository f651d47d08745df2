"""The HTTP API: takes photos, answers with jobs. Its process never loads torch."""
