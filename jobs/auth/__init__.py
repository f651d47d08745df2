"""API keys, and their limits: requests a minute, jobs a day. What an HTTP request looks like is the
API's business."""
