# Stand-in for redis:8-trixie; docker/substitutes/make says when.
ARG BASE=debian:trixie-slim
FROM ${BASE}
# hadolint ignore=DL3008
RUN export DEBIAN_FRONTEND=noninteractive \
    && apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends redis-server \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -m 1777 /data
WORKDIR /data
CMD ["redis-server"]
