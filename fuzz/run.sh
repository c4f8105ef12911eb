#!/usr/bin/env bash
# Fuzzes one target with libFuzzer on the stable compiler:
#     fuzz/run.sh engines|onnx|tosa|wasm [SECONDS, default 300]
# Shows that fuzzing finds what it looks for: begun with its seeds alone the target `engines` must find the JIT's planted
# bug, and nothing without the bug:
#     fuzz/run.sh planted-bug [SECONDS, default 300]
#
# The flags are those of cargo-fuzz without its address sanitizer, which needs a nightly compiler; of what is fuzzed
# only the JIT has unsafe code. Seeds are fuzz/seeds and the models and contracts of the repository; the corpus grows in
# fuzz/corpus.
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")"

what="${1:?which target: engines, onnx, tosa or wasm; or planted-bug}"
seconds="${2:-300}"
host="$(rustc --print host-tuple)"

# build TARGET [OPTION OF CARGO…]
build() {
    local coverage="-Cpasses=sancov-module -Ccodegen-units=1 --cfg fuzzing"
    for option in level=4 inline-8bit-counters pc-table trace-compares; do
        coverage+=" -Cllvm-args=-sanitizer-coverage-$option"
    done
    # With a host named, the flags do not reach build scripts and procedural macros.
    RUSTFLAGS="$coverage" cargo build --release --locked --target "$host" --bin "$@"
}

# start TARGET CORPUS [OPTION OF LIBFUZZER…]
start() {
    local target="$1"
    shift
    "${CARGO_TARGET_DIR:-target}/$host/release/$target" "$@" -rss_limit_mb=1024 -print_final_stats=1
}

# put CORPUS SEED…
put() {
    local corpus="$1"
    shift
    mkdir -p "$corpus"
    for seed in "$@"; do
        cp "$seed" "$corpus/$(sha256sum "$seed" | cut -c1-40)"
    done
}

planted_bug() {
    local folder status=0
    folder="$(mktemp --directory)"
    put "$folder/seeds" seeds/engines/*
    # Runs that begin alike, with the bug and without: none of the seeds has the wrong instruction in it.
    local options=(-seed=1 -timeout=60 -artifact_prefix="$folder/")
    build engines
    start engines "$folder/seeds" "${options[@]}" -runs=200
    build engines --features planted-bug
    # What the runs without it found new is no seed.
    rm -r "$folder/seeds"
    put "$folder/seeds" seeds/engines/*
    start engines "$folder/seeds" "${options[@]}" -max_total_time="$seconds" 2>&1 | tee "$folder/log" || status=$?
    if [ "$status" = 0 ] || ! grep --quiet 'Disagreement(' "$folder/log"; then
        echo "the planted bug was not found in $seconds s; log: $folder/log" >&2
        exit 1
    fi
    rm -r "$folder"
    echo "the planted bug was found"
}

case "$what" in
    tosa) seeds=(../tests/oracle/*/model.tosa ../tests/models/*.tosa) ;;
    onnx) seeds=(../kernels/import/tests/goldens/*.onnx) ;;
    wasm) seeds=(seeds/wasm/* ../examples/contracts/*.wasm ../benches/programs/*.wasm) ;;
    engines) seeds=(seeds/engines/*) ;;
    planted-bug) planted_bug; exit ;;
    *) echo "no target $what: engines, onnx, tosa or wasm; or planted-bug" >&2; exit 2 ;;
esac

build "$what"
put "corpus/$what" "${seeds[@]}"
start "$what" "corpus/$what" -max_total_time="$seconds" -timeout=1
