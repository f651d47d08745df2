"""The HTTP application of an API process: its middleware and its routes, in order."""

from fastapi import Depends, FastAPI
from redis.asyncio import Redis
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles

from api.dependencies import require_ownership
from api.job_cache import JobCache
from api.middleware.access_log import AccessLogMiddleware
from api.middleware.authentication import ApiKeyCache, AuthenticationMiddleware
from api.middleware.head import HeadMiddleware
from api.middleware.language import LanguageMiddleware
from api.middleware.request_id import RequestIdMiddleware
from api.middleware.security_headers import CORS, SecurityHeadersMiddleware
from api.middleware.trusted_host import TrustedHostMiddleware
from api.middleware.upload_limits import UploadLimitMiddleware, UploadLimits
from api.openapi import DescribedApp
from api.openapi.overview import overview
from api.problems import exception_handlers
from api.process import ApiProcess
from api.routes import (
    batches,
    catalog,
    classes,
    deliveries,
    events,
    feedback,
    health,
    jobs,
    metrics,
    pages,
    pictures,
    submit,
)
from api.settings import ApiSettings
from api.tracing import TracingMiddleware
from jobs.auth.api_keys import RedisApiKeyStore
from jobs.auth.rate_limits import RateLimiter

_READING = (jobs, events, deliveries, feedback, pictures, catalog, classes, health, metrics)


def create_app(settings: ApiSettings, host: str = "127.0.0.1") -> FastAPI:
    """The application. `host` is the address that it will listen on.

    Raises CardError, BlobsFailed for a missing library, TracingUnavailable.
    """
    process, needs_keys = ApiProcess(settings), settings.needs_keys(host)
    app = DescribedApp(
        title="CropShield",
        version="1",
        description=overview(settings, needs_keys=needs_keys),
        lifespan=process.lifespan,
        docs_url=None,
        redirect_slashes=False,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # see `TracingMiddleware`
        generate_unique_id_function=lambda route: route.name,
        dependencies=[Depends(require_ownership)] if needs_keys else [],
    )
    app.state.services = process.services()
    _add_middleware(app, process, settings, needs_keys=needs_keys)
    exception_handlers.install_handlers(app)
    _add_routes(app, process)
    return app


def _add_middleware(
    app: FastAPI, process: ApiProcess, settings: ApiSettings, *, needs_keys: bool
) -> None:
    """What is added last runs first."""
    app.add_middleware(LanguageMiddleware)
    app.add_middleware(HeadMiddleware)
    _protect(app, settings, process.redis, needs_keys=needs_keys)
    app.add_middleware(AccessLogMiddleware, counters=process.metrics.counters)
    if process.tracer:
        app.add_middleware(TracingMiddleware, tracer=process.tracer)
    app.add_middleware(RequestIdMiddleware)


def _add_routes(app: FastAPI, process: ApiProcess) -> None:
    """The first that takes a request answers it."""
    polled = jobs.PolledJobRoute(JobCache(process.redis, process.store, process.catalog))
    app.router.routes += [submit.SubmitRoute(), polled, pictures.StoredOverlayRoute()]
    for module in (submit, batches, *_READING, pages):
        app.include_router(module.router)
    app.mount("/playground", StaticFiles(directory=pages.PLAYGROUND), name="playground")
    app.mount("/assets/docs", StaticFiles(directory=pages.PAGES), name="docs")
    app.mount("/assets", StaticFiles(directory=pages.ASSETS), name="assets")


def _protect(app: FastAPI, settings: ApiSettings, redis: "Redis", *, needs_keys: bool) -> None:
    """Add the middleware in front of the routes; what is added last runs first."""
    limits = UploadLimits(
        settings.max_uploads,
        settings.upload_grace_seconds,
        settings.upload_bytes_per_second,
        settings.max_body_bytes,
    )
    app.add_middleware(UploadLimitMiddleware, limits=limits)
    if needs_keys:
        app.add_middleware(
            AuthenticationMiddleware,
            keys=ApiKeyCache(RedisApiKeyStore(redis)),
            limits=RateLimiter(redis),
        )
    origins, hosts = settings.cors_origins, settings.allowed_hosts
    if origins:
        app.add_middleware(CORSMiddleware, allow_origins=origins, **CORS)
    if hosts or not needs_keys:
        app.add_middleware(TrustedHostMiddleware, hosts=hosts, origins=origins)
    app.add_middleware(SecurityHeadersMiddleware, shared=bool(origins))
