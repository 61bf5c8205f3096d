# syntax=docker/dockerfile:1
# Two stages: Debian 12 with the build packages, then Debian 12 with the shared libraries alone.
# The file system can be mounted read-only; limpet writes only below --storage.path.
FROM debian:12-slim AS build
COPY agent/build-packages.txt /tmp/build-packages.txt
RUN apt-get update \
 && grep -v '^#' /tmp/build-packages.txt | xargs apt-get install -y --no-install-recommends \
 && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN cmake -S /src -B /build -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLIMPET_TESTS=OFF \
 && cmake --build /build --target limpet \
 && install -D /build/limpet /out/limpet

FROM debian:12-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libssl3 libre2-9 libyaml-cpp0.7 \
      libsnappy1v5 libspdlog1.10 libfmt9 libdeflate0 libxxhash0 libprometheus-cpp-core1.0 \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o 65532 -g 65532 /var/lib/limpet
COPY --from=build /out/limpet /usr/bin/limpet
USER 65532:65532
EXPOSE 8429
VOLUME /var/lib/limpet
ENTRYPOINT ["/usr/bin/limpet"]
CMD ["--config.file=/etc/limpet/config/limpet.yml", "--storage.path=/var/lib/limpet"]
