"""`cropshield explain`: photos explained here or by a server, and a report of them.

A new way to explain photos is a `Source` (see `source.py`).
"""
