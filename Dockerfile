# One image for the pages, the workers, MLflow's server and the commands that run once.
#
#   docker build -t model-registry .                                                    torch as the package index serves it
#   docker build -t model-registry --build-arg TORCH_VARIANT=cpu --build-arg TORCH_INDEX_URL=... .
#
# TORCH_VARIANT=gpu (the default) takes torch from the package index; on Linux that build brings CUDA and runs on CPUs too.
# TORCH_VARIANT=cpu takes the small build from TORCH_INDEX_URL, PyTorch's own index of CPU wheels or your mirror of it.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ARG TORCH_VARIANT=gpu
ARG TORCH_INDEX_URL=""
ARG PIP_INDEX_URL=""
ARG PIP_EXTRA_INDEX_URL=""
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY pyproject.toml constraints.txt README.md LICENSE ./
RUN set -eu; \
    for name in PIP_INDEX_URL PIP_EXTRA_INDEX_URL; do eval "[ -n \"\$$name\" ]" || unset "$name"; done; \
    torch="$(grep '^torch==' constraints.txt)"; \
    case "$TORCH_VARIANT" in \
      gpu) ;; \
      cpu) [ -n "$TORCH_INDEX_URL" ] || { echo "TORCH_VARIANT=cpu needs TORCH_INDEX_URL, the address of an index of CPU wheels."; exit 1; }; \
           pip install --index-url "$TORCH_INDEX_URL" "$torch" ;; \
      *) echo "TORCH_VARIANT is gpu or cpu, got $TORCH_VARIANT."; exit 1 ;; \
    esac; \
    pip install -c constraints.txt '.[s3]'

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --user-group --create-home --home-dir /home/registry registry \
 && mkdir /data && chown registry:registry /data
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py ./
COPY flavor flavor
COPY registry_ui registry_ui
COPY demo demo
COPY templates templates
COPY deploy deploy
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    REGISTRY_VAR_DIR=/data \
    DO_NOT_TRACK=true \
    MLFLOW_DISABLE_TELEMETRY=true \
    HF_HUB_DISABLE_TELEMETRY=1
USER registry
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "registry_ui.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "1", \
     "--threads", "96", "--timeout", "120", "--graceful-timeout", "20", "--keep-alive", "30", "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
