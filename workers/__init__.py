"""Celery workers: they take jobs in batches, explain them and store what came out."""
