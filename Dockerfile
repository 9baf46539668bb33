# A small image with tsrun, the local Timestream, and the scenarios and queries that come with them.
# How to use it: docs/ci.md.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY crates crates
COPY src src
COPY benches benches
COPY scenarios scenarios
COPY queries queries
# What is compiled once stays in the builder's cache, which is no part of the image.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked \
    && mkdir -p image/usr/local/bin \
    && cp target/release/tsrun image/usr/local/bin/tsrun \
    && cp -r scenarios queries image/ \
    # Whoever the container runs as may write here: results, and the local Timestream's data.
    && mkdir -m 1777 image/results image/data

# glibc, certificates and a user that is not root; no shell.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/image /
ENV XDG_DATA_HOME=/data
# Runs leave their folders in ./results.
WORKDIR /
VOLUME ["/results", "/data"]
EXPOSE 8086
USER 65532
ENTRYPOINT ["tsrun"]
