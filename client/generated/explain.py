"""Explain leaf.jpg by the generated client: `python explain.py ADDRESS`."""

import json
import sys
from pathlib import Path

from leafclient import Client
from leafclient.api.jobs import submit_job
from leafclient.api.pictures import get_overlay
from leafclient.models import Job, SubmitJobFilesBody
from leafclient.types import File

client = Client(base_url=sys.argv[1])
with Path("leaf.jpg").open("rb") as photo:
    form = SubmitJobFilesBody(image=File(payload=photo, file_name="leaf.jpg"))
    job = submit_job.sync(client=client, body=form, prefer="wait=25")
assert isinstance(job, Job), job
overlay = get_overlay.sync(job.id, client=client)
assert isinstance(overlay, File), overlay
assert overlay.payload.read(2) == b"\xff\xd8"
sys.stdout.write(json.dumps({"id": job.id, "state": job.state.value}))
