# syntax=docker/dockerfile:1
# augmix for the CPU: docker build -t augmix:cpu --build-arg VERSION=$(git describe --always) .
# docs/docker.md says how to run it. To pin the bases to the byte, give them with a digest: --build-arg
# GO_IMAGE=golang@sha256:… --build-arg RUNTIME_IMAGE=debian@sha256:…; libtorch is pinned by its hashes already.
ARG GO_IMAGE=golang:1.26.8-bookworm
ARG RUNTIME_IMAGE=debian:12.11-slim

# Debian's packages and libtorch, which change seldom.
FROM ${GO_IMAGE} AS libtorch
WORKDIR /src
COPY scripts/setup.sh scripts/libtorch.sh scripts/libtorch.txt scripts/wheels.sh scripts/
RUN mkdir -p torchbridge/internal/c torchbridge/internal/cudac torchbridge/internal/c10d
RUN scripts/setup.sh

FROM libtorch AS build
COPY go.mod go.sum ./
COPY torchbridge/go.mod torchbridge/
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN --mount=type=cache,target=/root/.cache/go-build \
    scripts/setup.sh && scripts/dist.sh "$VERSION" && mv "build/dist/augmix-$VERSION-linux-amd64" /opt/augmix

# docker build --target test .
FROM build AS test
RUN --mount=type=cache,target=/root/.cache/go-build make test

FROM ${RUNTIME_IMAGE} AS runtime
# Certificates are for augmix fetch.
ARG RUNTIME_PACKAGES="ca-certificates libstdc++6"
RUN apt-get update && apt-get install -y --no-install-recommends $RUNTIME_PACKAGES && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 augmix && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /workspace augmix \
    && mkdir /workspace /data /out && chown 10001:10001 /workspace /out
COPY --from=build /opt/augmix /opt/augmix
ARG VERSION=unknown
LABEL org.opencontainers.image.title="augmix" \
      org.opencontainers.image.description="Trains image classifiers with AugMix and measures how robust they are" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
ENV PATH=/opt/augmix/bin:/usr/local/bin:/usr/bin:/bin
USER 10001:10001
WORKDIR /workspace
VOLUME ["/data", "/out"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/augmix/bin/augmix"]
CMD ["--help"]
