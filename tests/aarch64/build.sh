#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# build.sh SOURCES FOLDER
#
# Compiles remote_probe and some tests of the core for 64-bit ARM, and makes FOLDER/worker and FOLDER/tests, which run them under
# qemu. OpenSSL and zstd for ARM come from the packages of this Debian, unpacked in FOLDER: nothing is installed. Prints "SKIPPED: reason"
# where that cannot be done, which is a failure with CI=true.
set -euo pipefail
sources="$1"
folder="$2"

skip() {
    if [[ "${CI:-}" == true ]]; then
        echo "error: $1"
        exit 1
    fi
    echo "SKIPPED: $1"
    exit 0
}

for program in aarch64-linux-gnu-g++ qemu-aarch64 apt-get dpkg-deb; do
    command -v "$program" >/dev/null || skip "there is no $program here"
done
mkdir -p "$folder"
cd "$folder"
if [[ ! -e root/usr/lib/aarch64-linux-gnu/libzstd.so ]]; then
    rm -rf root apt
    mkdir -p root packages apt/state/lists/partial apt/cache/archives/partial
    apt=(apt-get --quiet --option "Dir::State=$PWD/apt/state" --option Dir::State::status=/dev/null
         --option "Dir::Cache=$PWD/apt/cache" --option APT::Architecture=arm64 --option APT::Architectures=arm64
         --option APT::Sandbox::User=root)
    "${apt[@]}" update >apt/log 2>&1 || skip "the lists of packages cannot be had: $(tail -1 apt/log)"
    (cd packages && "${apt[@]}" download libssl3 libssl-dev libzstd1 libzstd-dev) >>apt/log 2>&1 || skip "OpenSSL and zstd for ARM cannot be had: $(tail -1 apt/log)"
    for package in packages/*.deb; do dpkg-deb -x "$package" root; done
fi
# Headers that are the same everywhere, without the rest of /usr/include, which is this machine's.
mkdir -p include
for name in boost range concepts meta std doctest; do
    if [[ -e /usr/include/$name ]]; then ln -sfn "/usr/include/$name" "include/$name"; fi
done
libraries=root/usr/lib/aarch64-linux-gnu
compile=(aarch64-linux-gnu-g++ -std=c++20 -O1 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -I"$sources/include"
         -I"$sources/tests" -isystem include -isystem root/usr/include -isystem root/usr/include/aarch64-linux-gnu)
"${compile[@]}" "$sources/tests/aarch64/remote_probe.cpp" -o remote_probe -L"$libraries" -lssl -lcrypto -lzstd -pthread &
"${compile[@]}" "$sources"/tests/rios/{archive,band_sum,pixel_moments,worker_state}.test.cpp \
    "$sources/tests/rios/net/frame.test.cpp" "$sources/tests/support/main.cpp" -o core_tests -pthread
wait $!
for name in worker:remote_probe tests:core_tests; do
    cat >"${name%%:*}" <<SCRIPT
#!/bin/sh
exec qemu-aarch64 -L /usr/aarch64-linux-gnu -E "LD_LIBRARY_PATH=$PWD/$libraries" "$PWD/${name##*:}" "\$@"
SCRIPT
    chmod +x "${name%%:*}"
done
