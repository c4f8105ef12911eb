#!/usr/bin/env bash
# Builds the programs in Rust to WebAssembly and puts them here.
#
#   benches/programs/build.sh            # needs: rustup target add wasm32-unknown-unknown
#   benches/programs/build.sh --debian   # needs: apt-get install rustc-web rust-web-src
#
# The second form serves machines that can install Debian packages but no rustup target: Debian's compiler
# builds core itself (build-std), and the installed Rust toolchain lends its linker, rust-lld.
set -euo pipefail
cd "$(dirname "$0")"

target=wasm32-unknown-unknown
arguments=(build --release --locked --examples --target "$target" --manifest-path rust/Cargo.toml)
case "${1:-}" in
"") ;;
--debian)
    linker="$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/rust-lld"
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$linker"
    export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
    arguments+=(-Zbuild-std=core,alloc,panic_abort)
    ;;
*)
    echo "usage: $0 [--debian]" >&2
    exit 2
    ;;
esac

# No machine's paths in the code.
export RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=$HOME=/home --remap-path-prefix=$PWD=/programs"

directory="$(cargo metadata --no-deps --format-version 1 --manifest-path rust/Cargo.toml |
    sed -E 's/.*"target_directory":"([^"]*)".*/\1/')"
cargo "${arguments[@]}"
for source in rust/examples/*.rs; do
    program="$(basename "$source" .rs)"
    cp "$directory/$target/release/examples/$program.wasm" "$program.wasm"
    echo "$program.wasm: $(wc -c <"$program.wasm") bytes"
done
