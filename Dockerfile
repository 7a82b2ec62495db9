# docker build -t redbag .        docker run --rm -i redbag convert - < export.ndjson
#
# Two stages: the first has pip and the build backend and makes /opt/redbag from the locked, hashed packages; the second takes that
# folder alone and has neither pip nor a compiler. Runs as an unprivileged user; /data is the only place it can write to.
FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/build && python -m venv --without-pip /opt/redbag
COPY requirements/ requirements/
RUN /opt/build/bin/pip install --require-hashes --no-deps -r requirements/build.lock \
 && /opt/build/bin/pip --python /opt/redbag/bin/python install --require-hashes --no-deps -r requirements/run.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY adapter/ adapter/
COPY mappings/ mappings/
RUN /opt/build/bin/pip wheel --no-build-isolation --no-deps --wheel-dir /dist . \
 && /opt/build/bin/pip --python /opt/redbag/bin/python install --no-deps /dist/*.whl

FROM python:3.13-slim
RUN python -m pip uninstall --yes --quiet --root-user-action ignore pip \
 && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin redbag \
 && install --directory --owner redbag --group redbag /data
COPY --from=build /opt/redbag /opt/redbag
COPY LICENSE NOTICE /usr/share/doc/redbag/
ENV PATH=/opt/redbag/bin:$PATH PYTHONUNBUFFERED=1
USER 10001
WORKDIR /data
ENTRYPOINT ["redbag"]
CMD ["--help"]
