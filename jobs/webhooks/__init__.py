"""Which URLs may be called, and what is still to be delivered to them.
The calls themselves are made by `api.webhooks`.
"""
