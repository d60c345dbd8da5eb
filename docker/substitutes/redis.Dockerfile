# Stand-in for redis:7-<suite>; docker/substitutes/make says when.
ARG BASE=debian:bookworm-slim
FROM ${BASE}
# hadolint ignore=DL3008
RUN export DEBIAN_FRONTEND=noninteractive \
    && apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends redis-server \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -m 1777 /data
WORKDIR /data
CMD ["redis-server"]
