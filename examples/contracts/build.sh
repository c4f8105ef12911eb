#!/usr/bin/env bash
# Builds the contracts in Rust to WebAssembly and puts each .wasm beside its source folder.
#
#   examples/contracts/build.sh            # needs: rustup target add wasm32-unknown-unknown
#   examples/contracts/build.sh --debian   # needs: apt-get install rustc-web rust-web-src
#
# The second form serves machines that can install Debian packages but no rustup target: Debian's compiler
# builds std itself (build-std), and the installed Rust toolchain lends its linker, rust-lld.
set -euo pipefail
cd "$(dirname "$0")"

target=wasm32-unknown-unknown
arguments=(build --release --locked --target "$target")
case "${1:-}" in
"") ;;
--debian)
    linker="$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/rust-lld"
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$linker"
    export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
    arguments+=(-Zbuild-std=std,panic_abort)
    ;;
*)
    echo "usage: $0 [--debian]" >&2
    exit 2
    ;;
esac

# No machine's paths in the code: panics carry no message, but file names may still be kept.
export RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=$HOME=/home --remap-path-prefix=$PWD=/contracts"

for contract in digit_classifier; do
    directory="$(cargo metadata --no-deps --format-version 1 --manifest-path "$contract/Cargo.toml" |
        sed -E 's/.*"target_directory":"([^"]*)".*/\1/')"
    cargo "${arguments[@]}" --manifest-path "$contract/Cargo.toml"
    cp "$directory/$target/release/$contract.wasm" "$contract.wasm"
    echo "$contract.wasm: $(wc -c <"$contract.wasm") bytes"
done
