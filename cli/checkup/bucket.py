"""The bucket that photos and results lie in, where they do."""

from cli.checkup.findings import Finding, ok, problem
from jobs.blobs import open_blobs
from jobs.errors import BlobsFailed
from jobs.settings import SharedSettings

SUBJECT = "bucket"


def check_bucket(settings: SharedSettings) -> Finding:
    """Whether it can be written to."""
    try:
        open_blobs(settings).check()
    except BlobsFailed as error:
        advice = "Mend CROPSHIELD_BLOBS, CROPSHIELD_S3_ENDPOINT, AWS's keys, or the server."
        return problem(SUBJECT, str(error), advice)
    return ok(SUBJECT, f"{settings.blobs} takes photos")
