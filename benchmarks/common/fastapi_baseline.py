"""FastAPI alone, to measure the API against: `benchmarks.common.fastapi_baseline PORT REDIS`.

One route reads a body, one answers with what a single GET finds in Redis.
"""

import sys

import uvicorn
from fastapi import FastAPI, Request, Response

from jobs.redis.connections import connect_async

KEY = "bare:record"


def make_app(redis_url: str) -> FastAPI:
    app, redis = FastAPI(), connect_async(redis_url)

    @app.post("/body", status_code=202)
    async def read_body(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @app.get("/record")
    async def read_record() -> Response:
        return Response(await redis.get(KEY), media_type="application/json")

    return app


if __name__ == "__main__":
    port, url = sys.argv[1:]
    uvicorn.run(make_app(url), port=int(port), http="httptools", log_config=None, access_log=False)
