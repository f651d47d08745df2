"""What is recorded: jobs, their options, batches, feedback, and how a photo sent twice is known
again. Plain data and its rules; no Redis, no files.
"""
