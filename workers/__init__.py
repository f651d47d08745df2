"""The worker process: claims jobs, explains their photos in batches, stores what came out; `app.py`
puts it together. Knows no HTTP; the model's maths lives in `engine`.
"""
