"""The requests that the server sends itself."""

from typing import Any

_HEADERS = {
    "webhook-id": "The same at every attempt; a message seen before can be dropped.",
    "webhook-timestamp": "Seconds since 1970; what is older than five minutes is not ours.",
    "webhook-signature": "`v1,` and the HMAC-SHA256 of id, timestamp and body, by each secret.",
}
WEBHOOKS: dict[str, Any] = {
    "job_ended": {
        "post": {
            "operationId": "job_ended",
            "tags": ["jobs"],
            "summary": "A job has ended",
            "description": "Sent to the `callback_url` of a job, once it has ended, by Standard "
            "Webhooks 1.0. Attempts stop with a 2xx or a 410.",
            "parameters": [
                {
                    "name": name,
                    "in": "header",
                    "required": True,
                    "description": description,
                    "schema": {"type": "string"},
                }
                for name, description in _HEADERS.items()
            ],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}},
            },
            "responses": {
                "2XX": {"description": "Received."},
                "410": {"description": "No more of these, please."},
            },
        }
    }
}
