#!/usr/bin/env bash
# The static build that the README describes, and what it does where there is nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$(cargo metadata --format-version 1 --no-deps | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
# An explicit --target: else the macros that the compiler loads would be built static too, and cannot be loaded.
triple=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --target "$triple" --target-dir "$target/static"
export SWAPBIN_STATIC=$target/static/$triple/release/swapbin
if ldd "$SWAPBIN_STATIC" 2>&1 | grep -q '=>'; then
    echo "$SWAPBIN_STATIC needs libraries" >&2
    exit 1
fi
out=$(cargo test --test it rescue::alone:: -- --nocapture 2>&1) || { printf '%s\n' "$out" >&2; exit 1; }
printf '%s\n' "$out" | grep '^test ' >&2
if printf '%s\n' "$out" | grep -q SKIPPED; then
    printf '%s\n' "$out" >&2
    exit 1
fi
