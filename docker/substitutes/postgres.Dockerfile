# Stand-in for postgres:<version>-<suite>; docker/substitutes/make says when.
ARG BASE=debian:bookworm-slim
FROM ${BASE}
ARG VERSION=15
ENV LANG=C.UTF-8 PGDATA=/var/lib/postgresql/data PATH=/usr/lib/postgresql/${VERSION}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# hadolint ignore=DL3008
RUN export DEBIAN_FRONTEND=noninteractive \
    && apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends "postgresql-${VERSION}" libnss-wrapper \
    && rm -rf /var/lib/apt/lists/* /var/lib/postgresql \
    && install -d -m 1777 /var/lib/postgresql/data /var/run/postgresql
COPY postgres-entrypoint /usr/local/bin/docker-entrypoint.sh
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
