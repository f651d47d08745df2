# syntax=docker/dockerfile:1
# A worker for CPUs, without torch: models run by the graphs that their cards name. It opens no port.
FROM python:3.12-slim

RUN useradd --uid 10001 --create-home cropshield \
    && install -d -o cropshield -g cropshield /var/lib/cropshield
ENV PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 CROPSHIELD_HOME=/var/lib/cropshield
WORKDIR /app

COPY pyproject.toml README.md LICENSE ./
COPY pictures pictures
COPY languages languages
COPY models models
COPY jobs jobs
COPY engine engine
COPY workers workers
COPY cli cli
COPY deploy/worker_health.py deploy/worker_health.py
RUN --mount=type=cache,target=/root/.cache/pip pip install --editable '.[cpu,s3,otel]'

USER cropshield
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s \
    CMD ["python", "deploy/worker_health.py"]
CMD ["cropshield", "worker"]
