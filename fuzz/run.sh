#!/usr/bin/env bash
# Fuzzes one target with libFuzzer on the stable compiler: fuzz/run.sh engines|onnx|tosa|wasm [SECONDS, default 300]
#
# The flags are those of cargo-fuzz without its address sanitizer, which needs a nightly compiler; of what is fuzzed
# only the JIT has unsafe code. Seeds are the models and contracts of the repository; the corpus grows in fuzz/corpus.
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")"

target="${1:?which target: engines, onnx, tosa or wasm}"
seconds="${2:-300}"
case "$target" in
    tosa) seeds=(../tests/oracle/*/model.tosa ../tests/models/*.tosa) ;;
    onnx) seeds=(../kernels/import/tests/goldens/*.onnx) ;;
    wasm) seeds=(../examples/contracts/*.wasm ../benches/programs/*.wasm) ;;
    engines) seeds=() ;;
    *) echo "no target $target: engines, onnx, tosa or wasm" >&2; exit 2 ;;
esac

coverage="-Cpasses=sancov-module -Ccodegen-units=1 --cfg fuzzing"
for option in level=4 inline-8bit-counters pc-table trace-compares; do
    coverage+=" -Cllvm-args=-sanitizer-coverage-$option"
done
host="$(rustc --print host-tuple)"
# With a target named, the flags do not reach build scripts and procedural macros.
RUSTFLAGS="$coverage" cargo build --release --locked --target "$host" --bin "$target"

corpus="corpus/$target"
mkdir -p "$corpus"
for seed in "${seeds[@]}"; do
    cp "$seed" "$corpus/$(sha256sum "$seed" | cut -c1-40)"
done
"${CARGO_TARGET_DIR:-target}/$host/release/$target" "$corpus" \
    -max_total_time="$seconds" -timeout=1 -rss_limit_mb=1024 -print_final_stats=1
