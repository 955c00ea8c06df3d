# One image, two commands: `serve` (web server and worker) and `worker` (a worker alone, on another machine).
# Another base: --build-arg BASE_IMAGE=debian:bookworm-slim (any Debian with Python 3.11 or later, present or in apt).
ARG BASE_IMAGE=python:3.12-slim-bookworm

FROM ${BASE_IMAGE} AS builder
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -c "import ensurepip, venv" 2>/dev/null \
    || (apt-get update && apt-get install -y --no-install-recommends python3 python3-venv \
        && rm -rf /var/lib/apt/lists/*)
RUN python3 -m venv /opt/sequence
COPY requirements.lock /build/
RUN /opt/sequence/bin/pip install --require-hashes -r /build/requirements.lock
COPY pyproject.toml README.md /build/
COPY solver /build/solver
COPY fixtures /build/fixtures
COPY service /build/service
RUN /opt/sequence/bin/pip install --no-deps /build \
    && /opt/sequence/bin/python -m compileall -q /opt/sequence

FROM ${BASE_IMAGE}
RUN command -v python3 \
    || (apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*)
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin sequence \
    && install -d -o sequence -g sequence /data
COPY --from=builder /opt/sequence /opt/sequence
ENV PATH=/opt/sequence/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SEQUENCE_HOST=0.0.0.0 \
    SEQUENCE_PORT=8000 \
    SEQUENCE_DATABASE_URL=sqlite:////data/sequence.db
USER sequence
WORKDIR /data
VOLUME /data
EXPOSE 8000
# The database of both commands, and the home page of `serve`.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["sequence", "health"]
ENTRYPOINT ["sequence"]
CMD ["serve"]
