# The program `aivm` with lavapipe, a Vulkan driver on the CPU. A machine's GPU is reached with that
# machine's own driver instead, for example by `docker run --gpus all` with NVIDIA's container runtime.
#
#   docker build -t aivm .
#   docker run --rm aivm doctor
#   docker run --rm -v "$PWD:/data" -w /data aivm infer model.tosa --input in.npy --output out.npy --backend gpu

FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --release --locked --package synergy-aivm --bin aivm

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libvulkan1 mesa-vulkan-drivers \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home aivm
COPY --from=build /source/target/release/aivm /usr/local/bin/aivm
USER aivm
ENTRYPOINT ["aivm"]
CMD ["--help"]
