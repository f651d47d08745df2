"""ASGI middleware, in front of all routes, one concern a file; `api.app` orders it. What concerns
one route alone, or needs what a route was given, does not belong here.
"""
