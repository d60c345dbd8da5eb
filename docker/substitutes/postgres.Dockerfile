# Stand-in for postgres:17-trixie; docker/substitutes/make says when.
ARG BASE=debian:trixie-slim
FROM ${BASE}
ENV LANG=C.UTF-8 PGDATA=/var/lib/postgresql/data PATH=/usr/lib/postgresql/17/bin:/usr/local/bin:/usr/bin:/bin
# hadolint ignore=DL3008
RUN export DEBIAN_FRONTEND=noninteractive \
    && apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends postgresql-17 libnss-wrapper \
    && rm -rf /var/lib/apt/lists/* /var/lib/postgresql \
    && install -d -m 1777 /var/lib/postgresql/data /var/run/postgresql
COPY postgres-entrypoint /usr/local/bin/docker-entrypoint.sh
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
