#!/usr/bin/env bash
# Builds the contracts in Rust to WebAssembly and puts each .wasm beside its source folder.
#
#   examples/contracts/build.sh            # needs: rustup target add wasm32-unknown-unknown
#   examples/contracts/build.sh --debian   # needs: apt-get install rustc-web rust-web-src
#   examples/contracts/build.sh --check [--debian]   # puts nothing: compares with what is there
#
# The form with --debian serves machines that can install Debian packages but no rustup target: Debian's compiler
# builds std itself (build-std), and the installed Rust toolchain lends its linker, rust-lld.
#
# The same compiler gives the same bytes. built-with.txt names the one that the committed files come from; --check
# fails if that one gives other bytes, and says so and compares nothing with another one.
set -euo pipefail
cd "$(dirname "$0")"

target=wasm32-unknown-unknown
arguments=(build --release --locked --target "$target")
check=
form=rustup
for argument in "$@"; do
    case "$argument" in
    --check) check=yes ;;
    --debian) form=debian ;;
    *)
        echo "usage: $0 [--check] [--debian]" >&2
        exit 2
        ;;
    esac
done
if [ "$form" = debian ]; then
    linker="$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/rust-lld"
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$linker"
    linker_version="$("$linker" -flavor wasm --version)"
    export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
    arguments+=(-Zbuild-std=std,panic_abort)
fi

# A stack of 32 KiB instead of the linker's 1 MiB, every page of which each call would pay for. No machine's paths in
# the code: panics carry no message, but file names may still be kept.
export RUSTFLAGS="${RUSTFLAGS:-} -C link-arg=-zstack-size=32768 --remap-path-prefix=$HOME=/home --remap-path-prefix=$PWD=/contracts"

compiler="$("${RUSTC:-rustc}" --version), $form${linker_version:+, $linker_version}"
if [ -n "$check" ] && [ "$compiler" != "$(cat built-with.txt)" ]; then
    echo "not compared: the committed files are built with $(cat built-with.txt); here is $compiler"
    exit 0
fi

failed=
for contract in counter digit_classifier erc20; do
    directory="$(cargo metadata --no-deps --format-version 1 --manifest-path "$contract/Cargo.toml" |
        sed -E 's/.*"target_directory":"([^"]*)".*/\1/')"
    cargo "${arguments[@]}" --manifest-path "$contract/Cargo.toml"
    built="$directory/$target/release/$contract.wasm"
    if [ -n "$check" ]; then
        cmp "$built" "$contract.wasm" || failed=yes
    else
        install -m 644 "$built" "$contract.wasm"
    fi
    echo "$contract.wasm: $(wc -c <"$built") bytes"
done
if [ -n "$check" ]; then
    [ -z "$failed" ] || exit 1
    echo "as committed"
else
    echo "$compiler" >built-with.txt
fi
