"""What a job is and where it lives. Knows neither torch nor HTTP."""
