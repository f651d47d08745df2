"""uvicorn and its connections."""
