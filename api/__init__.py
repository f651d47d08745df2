"""The HTTP API: takes photos, responds with jobs. Its process never loads torch, `engine` or
`workers`; `app.py` puts it together, and what every request passes lies in `middleware/`.
"""
