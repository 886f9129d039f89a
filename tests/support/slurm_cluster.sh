#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
#
# slurm_cluster.sh PROGRAM [ARGUMENT...]
#
# Runs a program beside a SLURM cluster of its own, with two nodes, n1 and n2, of 2 processors each, which are hosts of their own
# (two_hosts.sh). The commands of SLURM, and those of PBS that come with it, reach the cluster by SLURM_CONF.
#
# Needs root, iproute2, munge, slurm-wlm and slurm-wlm-torque. Where there can be no such cluster, says why and exits with status
# 77. Nothing is left behind.
set -eu

skip() {
    echo "slurm_cluster.sh: $*"
    exit 77
}

here=$(dirname "$(readlink -f "$0")")
if [ "${RIOS_TEST_HOSTS:-}" = "" ]; then
    for tool in munged slurmctld slurmd sbatch qsub; do
        PATH="$PATH:/usr/sbin:/sbin" command -v "$tool" >/dev/null || skip "there is no $tool"
    done
    exec "$here/two_hosts.sh" 4 "$0" "$@"
fi

PATH="$PATH:/usr/sbin:/sbin"
place=$(mktemp -d)
chmod 755 "$place"
mkdir -m 711 "$place/munge"
mkdir "$place/state" "$place/log" "$place/spool" "$place/unwritable"
RIOS_TEST_UNWRITABLE=$place/unwritable # on the nodes alone
export RIOS_TEST_UNWRITABLE
SLURM_CONF=$place/slurm.conf
export SLURM_CONF

stop() {
    timeout 5 scancel --user="$(id -un)" 2>/dev/null || :
    tries=0
    until [ -z "$(timeout 5 squeue --noheader --states=running,completing 2>/dev/null)" ] || [ "$tries" -gt 40 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    for file in "$place"/slurmd.*.pid "$place/slurmctld.pid" "$place/munge/pid"; do
        [ ! -s "$file" ] || kill -9 "$(cat "$file")" 2>/dev/null || :
    done
    rm -rf "$place"
}
trap stop EXIT
trap 'exit 143' HUP INT TERM

head -c 128 /dev/urandom >"$place/munge/key"
chmod 400 "$place/munge/key"
munged --force --num-threads=2 --key-file="$place/munge/key" --socket="$place/munge/socket" \
    --pid-file="$place/munge/pid" --log-file="$place/munge/log" --seed-file="$place/munge/seed" >/dev/null 2>&1 ||
    skip "munge does not start"

{
    cat <<END
ClusterName=rios
SlurmctldHost=$(hostname -s)(10.231.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$place/munge/socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,builtin_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=300
KillWait=2
StateSaveLocation=$place/state
SlurmdSpoolDir=$place/spool/%n
SlurmctldPidFile=$place/slurmctld.pid
SlurmdPidFile=$place/slurmd.%n.pid
SlurmctldLogFile=$place/log/slurmctld
SlurmdLogFile=$place/log/slurmd.%n
NodeName=n1 NodeHostname=n1 NodeAddr=10.231.0.11 CPUs=2 RealMemory=4000 State=UNKNOWN
NodeName=n2 NodeHostname=n2 NodeAddr=10.231.0.12 CPUs=2 RealMemory=4000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=short Nodes=ALL MaxTime=00:01:00 State=UP
END
} >"$SLURM_CONF"
echo CgroupPlugin=cgroup/v1 >"$place/cgroup.conf" # nothing looks for it then
slurmctld -c -f "$SLURM_CONF" 2>/dev/null || skip "slurmctld does not start"
number=0
for each in $RIOS_TEST_HOSTS; do
    number=$((number + 1))
    mkdir "$place/spool/n$number"
    # slurmd wants something mounted where groups of processes would be.
    ip netns exec "$each" unshare --uts sh -c "hostname n$number
        mount -t tmpfs none /sys/fs/cgroup
        mount -t tmpfs -o ro none '$place/unwritable'
        exec slurmd -N n$number -f '$SLURM_CONF'" || skip "slurmd does not start"
done
tries=0
until [ "$(sinfo --noheader --states=idle,mixed --format=%D 2>/dev/null)" = 2 ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 600 ]; then
        cat "$place"/log/* >&2
        skip "the nodes do not come up"
    fi
    sleep 0.05
done

status=0
"$@" || status=$?
exit $status
