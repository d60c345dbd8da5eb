# Stand-in for python:<version>-slim-<suite>; docker/substitutes/make says when.
ARG BASE=debian:trixie-slim
FROM ${BASE}
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
COPY packages /tmp/packages
# hadolint ignore=DL3008
RUN export DEBIAN_FRONTEND=noninteractive \
    && apt-get update -qq \
    && xargs -a /tmp/packages apt-get install -y -qq --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* /tmp/packages
COPY usr /usr
COPY etc /etc
# This pip may be too old to look where the system keeps whom it trusts.
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt
RUN ldconfig && python3 -m ensurepip && ln -s pip3 /usr/local/bin/pip && rm -rf /root/.cache
CMD ["python3"]
