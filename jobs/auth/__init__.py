"""Who may ask, how often, and how many jobs a day: API keys and their limits.
What an HTTP request looks like is the API's business.
"""
