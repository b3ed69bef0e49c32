FROM python:3.13-slim AS build
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy
RUN pip install --no-cache-dir uv==0.13.8
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --all-extras

FROM python:3.13-slim
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/var/lib/callcenter
RUN useradd --system --uid 10001 --home-dir /nonexistent callcenter \
 && install -d -o callcenter -g callcenter /var/lib/callcenter
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY . .
USER callcenter
VOLUME /var/lib/callcenter
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as u; u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:8000/healthz', timeout=4)"]
# Exec form: signals reach the process itself. compose.yaml runs the same image as the worker.
CMD ["gunicorn", "callcenter.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--graceful-timeout", "30"]
