# SPDX-License-Identifier: BSL-1.0
#
# The image of workers in containers, on AWS or elsewhere (docs/aws.md):
#     docker build --file docker/worker.Dockerfile --tag worker .
# The programs of the image and of the main process must be of the same version of rios.
FROM debian:12-slim AS build
COPY scripts/setup /source/scripts/setup
RUN apt-get update && /source/scripts/setup --demo
COPY . /source
RUN cmake -S /source -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DRIOS_BUILD_TESTS=OFF -DRIOS_BUILD_BENCHMARKS=OFF \
    && cmake --build /build --target shepseg example_ndvi example_stack_median \
    && install -D --strip --target-directory=/programs /build/tools/shepseg /build/examples/ndvi /build/examples/stack_median

FROM debian:12-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libcurl4 libfmt9 libgdal32 libssl3 libzstd1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --no-create-home worker
COPY --from=build /programs /usr/local/bin
USER worker
# The launchers add the arguments of a worker. For another program of the image: "program" in the configuration.
ENTRYPOINT ["/usr/local/bin/shepseg"]
