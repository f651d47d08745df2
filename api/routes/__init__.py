"""The routes, one noun a file: a handler takes what it needs from `api.dependencies`, calls a
service and responds. Rules about jobs live in `jobs`, schemas in `api.schemas`.
"""
