#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
#
# two_hosts.sh 4|6 PROGRAM [ARGUMENT...]
#
# Runs a program in a network of its own, in which there are two other hosts. The program's host has addresses of IPv4 and IPv6,
# the others of the given kind alone. The program finds their names in RIOS_TEST_HOSTS; something runs there by
#
#     ip netns exec HOST unshare --uts sh -c 'hostname HOST; exec ...'
#
# Needs root and iproute2. Where there can be no such network, says why and exits with status 77. Nothing is left behind.
set -eu

family=$1
shift

skip() {
    echo "two_hosts.sh: $*"
    exit 77
}

[ "$(id -u)" = 0 ] || skip "network namespaces need root"
for tool in ip unshare hostname timeout; do
    command -v "$tool" >/dev/null || skip "there is no $tool"
done
unshare --uts true 2>/dev/null || skip "no namespaces for host names"

main=rios-$$-0
hosts="rios-$$-1 rios-$$-2"
clean() {
    for each in $main $hosts; do
        ip netns del "$each" 2>/dev/null || :
    done
}
trap clean EXIT
trap 'exit 143' HUP INT TERM

for each in $main $hosts; do
    ip netns add "$each" 2>/dev/null || skip "no network namespaces"
    ip -n "$each" link set lo up
done
ip -n "$main" link add bridge0 type bridge 2>/dev/null || skip "no bridges"
ip -n "$main" link set bridge0 up
ip -n "$main" addr add 10.231.0.1/24 dev bridge0
ip -n "$main" addr add fd00:231::1/64 dev bridge0 nodad 2>/dev/null || [ "$family" = 4 ] || skip "no IPv6"
number=0
for each in $hosts; do
    number=$((number + 1))
    ip -n "$main" link add "to$number" type veth peer name eth0 netns "$each" 2>/dev/null || skip "no virtual cables"
    ip -n "$main" link set "to$number" master bridge0 up
    ip -n "$each" link set eth0 up
    case $family in
        4) ip -n "$each" addr add "10.231.0.1$number/24" dev eth0 ;;
        6) ip -n "$each" addr add "fd00:231::1$number/64" dev eth0 nodad ;;
    esac
done

status=0
RIOS_TEST_HOSTS=$hosts timeout 150 ip netns exec "$main" "$@" || status=$?
exit $status
