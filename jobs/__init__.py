"""What a job is and where it lives: `service.py` accepts photos, `ports.py` says what it needs of
the stores. Knows neither torch nor an HTTP framework; API and workers build on it.
"""
