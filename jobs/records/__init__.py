"""Records: jobs, their options, batches, feedback, and how a repeated submission is recognised.
Plain data and its rules; no Redis, no files."""
