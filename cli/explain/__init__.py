"""`cropshield explain`: photos found, explained here or by a server, written to tables and a report.

A new way to explain photos is a `Source` (see `source.py`).
"""
