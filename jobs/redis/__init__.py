"""Everything about jobs that is kept in Redis or goes through it: records, queues, leases, events.
Key names are in `keyspace` alone, and state changes are Lua scripts in `scripts/`.
"""
