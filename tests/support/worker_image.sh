#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# worker_image.sh make FOLDER NAME PROGRAM   an image for podman of nothing but a program and its shared libraries
# worker_image.sh remove FOLDER              all that podman has there: containers, images, mounts
#
# Podman keeps everything in FOLDER, apart from what else it has on this machine, if it is run with CONTAINERS_CONF and
# CONTAINERS_STORAGE_CONF as here. The settings are those with which it works as root of a machine that is a container itself.
set -euo pipefail

folder=$2
export CONTAINERS_CONF=$folder/containers.conf CONTAINERS_STORAGE_CONF=$folder/storage.conf

make_image() {
    local name=$1 program=$2 root=$folder/image library
    cat >"$CONTAINERS_CONF" <<'end'
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
ipcns = "host"
log_driver = "k8s-file"
default_sysctls = []
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
end
    printf '[storage]\ndriver = "overlay"\ngraphroot = "%s"\nrunroot = "%s"\n' "$folder/images" "$folder/run" \
        >"$CONTAINERS_STORAGE_CONF"
    mkdir -p "$root"/{tmp,etc,proc,dev,sys}
    chmod 1777 "$root/tmp"
    cp "$program" "$root/worker"
    strip "$root/worker"
    ldd "$program" | grep -o '/[^ )]*' | while read -r library; do
        mkdir -p "$root$(dirname "$library")"
        cp --dereference "$library" "$root$library"
    done
    tar --directory "$root" --create . | podman import --quiet --change 'ENTRYPOINT ["/worker"]' - "$name"
    rm -rf "$root"
    podman run --rm --pull never --network bridge "localhost/$name" --version
}

case "$1" in
    make) make_image "$3" "$4" ;;
    remove)
        podman rm --all --force --time 0 >/dev/null || true
        umount --lazy "$folder/images/overlay" 2>/dev/null || true
        rm -rf "$folder/images" "$folder/run"
        ;;
esac
