"""`cropshield serve`: a private Redis, a worker and the API under one supervisor.

What starts, watches or stops these processes belongs here; what they do does not.
"""
