"""The HTTP API: takes photos, responds with jobs. Its process never loads torch, `engine` or
`workers`; `app.py` puts it together, and what a request passes through lies in `middleware/`.
"""
