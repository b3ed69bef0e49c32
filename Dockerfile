FROM python:3.13.14-slim-trixie AS build
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy
RUN pip install --no-cache-dir uv==0.13.8
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --all-extras

FROM python:3.13.14-slim-trixie
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/var/lib/callcenter
# pg_dump, of the version that compose.yaml runs. Debian takes old versions of packages away, so a pinned one would fail.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends postgresql-client-17 \
 && rm -rf /var/lib/apt/lists/*
# Volumes take their owner from these folders.
RUN useradd --system --uid 10001 --home-dir /nonexistent callcenter \
 && install -d -o callcenter -g callcenter \
    /var/lib/callcenter /var/lib/callcenter/static /var/lib/callcenter-mark /var/backups/callcenter
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY . .
USER 10001
VOLUME /var/lib/callcenter
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as u; u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:8000/healthz', timeout=4)"]
# Exec form: signals reach the process itself. compose.yaml runs the same image as the worker.
CMD ["gunicorn", "callcenter.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--graceful-timeout", "30", "--timeout", "60", "--worker-tmp-dir", "/dev/shm"]
