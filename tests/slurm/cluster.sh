#!/bin/bash
# A Slurm cluster of several nodes on this machine, for tests: it listens on loopback where Slurm can
# be told to, needs no systemd, no database and no cgroups, and keeps all it has in one folder.
#
#   cluster.sh start FOLDER N     nodes n1 .. nN; prints the line that points Slurm's commands at it
#   cluster.sh lose FOLDER NODE   the node is gone at once, with all that runs on it
#   cluster.sh return FOLDER NODE it comes back, empty
#   cluster.sh stop FOLDER        ends everything that was started
#
# A node is a slurmd in PID, mount and UTS namespaces of its own: in them it goes by its own name, and
# the death of their first process is that of all others. Needs root, or user namespaces.
#
#   CLUSTER_PORT=16900     the controller's; nodes have the next ones
#   CLUSTER_CONF=LINES     more lines of slurm.conf
#   CLUSTER_HIDDEN=FOLDER  one that no node sees, though this machine does
set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin
(($# >= 2)) || { sed -n '2,/^set /s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 2; }
verb=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
port=${CLUSTER_PORT:-16900}
socket=$folder/munge/socket
export SLURM_CONF=$folder/slurm.conf

fail() {
    printf 'cluster: %s (see %s)\n' "$1" "$folder/log" >&2
    exit 1
}

# --- who: the daemons refuse to run as root where they need not ---

user=$(id -un)
apart=(unshare --fork --kill-child --pid --mount --mount-proc --uts)
if [[ $user == root ]]; then
    munge_user=munge slurm_user=slurm
    as_munge=(setpriv --reuid munge --regid munge --init-groups)
else
    munge_user=$user slurm_user=$user
    as_munge=()
    apart+=(--user --map-current-user --keep-caps)
fi

# --- processes: a line "NAME PID START" for each; START tells a reused PID from the one we started ---

# The start time of a process; nothing for one that has ended, even if nobody has waited for it yet.
start_of() {
    awk '{ sub(/^.*\) /, ""); if ($1 != "Z") print $20 }' "/proc/$1/stat" 2>/dev/null || true
}

launch() { # launch NAME COMMAND...
    local name=$1
    shift
    setsid "$@" >>"$folder/log/$name" 2>&1 </dev/null 9>&- &
    echo "$name $! $(start_of $!)" >>"$folder/processes"
}

has_ended() { # has_ended PID START
    [[ $(start_of "$1") != "$2" ]]
}

end() { # end SIGNAL PATTERN: those whose name matches, and waits for them
    local name pid start
    while read -r name pid start; do
        # shellcheck disable=SC2053 # a pattern
        [[ $name == $2 ]] || continue
        kill -s "$1" "$pid" 2>/dev/null || true
        within 10 has_ended "$pid" "$start" || kill -s KILL "$pid" 2>/dev/null || true
    done <"$folder/processes"
}

within() { # within SECONDS COMMAND...: whether it succeeds in that time
    local last=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS <= last)) || return 1
        sleep 0.05
    done
}

# --- the parts ---

# Without it the daemons listen on all interfaces; Slurm then has to find the host's own name at 127.0.0.1.
loopback_only() {
    ! getent ahostsv4 "$(hostname)" | grep -q '^127\.0\.0\.1 ' ||
        echo 'CommunicationParameters=NoInAddrAny,NoCtldInAddrAny'
}

# cred_expire: a job that lost its node waits for this long before it is started again (default 121 s).
write_conf() { # write_conf N
    cat <<END
ClusterName=test
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$port
SlurmctldPidFile=$folder/state/slurmctld.pid
SlurmUser=$slurm_user
SlurmdUser=$user
SlurmdParameters=config_overrides
SlurmdPidFile=$folder/spool/%n.pid
SlurmdSpoolDir=$folder/spool/%n
StateSaveLocation=$folder/state
AuthType=auth/munge
AuthInfo=socket=$socket,cred_expire=5
SlurmdTimeout=6
ReturnToService=2
KillWait=2
MinJobAge=300
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=1
NodeName=n[1-$1] NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + $1))] CPUs=$(nproc) RealMemory=1024 Feature=here
PartitionName=bench Nodes=ALL Default=YES MaxTime=INFINITE State=UP
$(loopback_only)
${CLUSTER_CONF-}
END
}

start_munge() {
    (umask 077 && head -c 256 /dev/urandom >"$folder/munge/key")
    [[ $user != root ]] || chown -R "$munge_user": "$folder/munge"
    launch munged "${as_munge[@]}" munged --foreground --num-threads=1 --socket="$socket" \
        --key-file="$folder/munge/key" --pid-file="$folder/munge/pid" \
        --log-file="$folder/munge/log" --seed-file="$folder/munge/seed"
    within 10 munge -n -S "$socket" || fail 'munged does not answer'
}

start_node() { # start_node NODE
    # shellcheck disable=SC2016 # for the inner shell
    launch "$1" "${apart[@]}" bash -c '
        hostname "$1" && mount --bind "$2/hosts" /etc/hosts || exit
        [[ -z $3 ]] || mount -t tmpfs none "$3" || exit
        exec 9>&-
        slurmd -D -N "$1" -f "$2/slurm.conf" &
        wait' node "$1" "$folder" "${CLUSTER_HIDDEN-}"
}

n_idle() {
    [[ $(sinfo -h -N -r -t idle -o %N | sort -u | wc -l) == "$1" ]]
}

start() { # start N
    ! munge -n -S "$socket" >/dev/null 2>&1 || fail 'a cluster runs there already'
    "${apart[@]}" true || fail 'this machine allows no namespaces'
    mkdir -p "$folder"/{log,munge,state,spool}
    chmod 755 "$folder" "$folder/munge"
    chmod 1777 "$folder/log"
    : >"$folder/processes"
    [[ $user != root ]] || chown "$slurm_user": "$folder/state"
    { cat /etc/hosts; for ((i = 1; i <= $1; i++)); do echo "127.0.0.1 n$i"; done; } >"$folder/hosts"
    write_conf "$1" >"$SLURM_CONF"
    start_munge
    launch slurmctld slurmctld -D -c -f "$SLURM_CONF"
    within 10 scontrol ping || fail 'slurmctld does not answer'
    for ((i = 1; i <= $1; i++)); do
        start_node "n$i"
    done
    within 20 n_idle "$1" || fail 'the nodes do not come up'
    echo "export SLURM_CONF=$SLURM_CONF"
}

stop() {
    [[ -e $folder/processes ]] || return 0
    timeout 10 scancel -u "$user" 2>/dev/null || true
    end TERM slurmctld
    end KILL 'n[0-9]*'
    end TERM munged
}

case $verb in
start) start "${3:?how many nodes?}" ;;
lose) end KILL "${3:?which node?}" ;;
return) start_node "${3:?which node?}" ;;
stop) stop ;;
*) fail "no verb '$verb'" ;;
esac
