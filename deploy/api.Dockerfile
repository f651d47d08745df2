# syntax=docker/dockerfile:1
# The API: no torch, no OpenCV, not even in the image.
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
COPY api api
COPY cli cli
COPY web web
RUN --mount=type=cache,target=/root/.cache/pip pip install --editable '.[api,s3,otel]'

USER cropshield
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
CMD ["cropshield", "api", "--host", "0.0.0.0", "--port", "8000"]
