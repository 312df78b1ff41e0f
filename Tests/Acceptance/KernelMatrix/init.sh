#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
#
# init.sh
#
# Runs every case of /cases in the virtual machine, each with a new counter, so that no series has events of an
# earlier namespace with the same inum. Prints lines for pidns-console-check, which begin with @@, and powers
# off.

emit() { echo "@@ $*"; }

is_set() { grep -qw "$1" /proc/cmdline; }
has_pids() { ! is_set cgroup_disable=pids; }
# All cases run with the controller pids in cgroup v1, and the others in v2.
has_v1() { is_set pidns.cgroups=v1; }
# The programs may read memory by address, and so the names of cgroups.
has_names() { ! is_set lockdown=confidentiality; }

prepare() {
  /bin/busybox mkdir -p /proc /sys /dev /tmp
  /bin/busybox mount -t devtmpfs dev /dev
  exec </dev/null >/dev/console 2>&1
  /bin/busybox --install -s /bin
  mount -t proc proc /proc
  mount -t sysfs sys /sys
  mount -t tmpfs tmp /tmp
  mkdir -p /dev/shm
  mount -t tmpfs shm /dev/shm
  v2=/sys/fs/cgroup
  if has_v1; then
    mount -t tmpfs cgroups /sys/fs/cgroup
    v2=/sys/fs/cgroup/unified
    mkdir $v2 /sys/fs/cgroup/pids
    mount -t cgroup -o pids cgroup /sys/fs/cgroup/pids
  fi
  mount -t cgroup2 cgroup $v2
  echo +memory >$v2/cgroup.subtree_control
  if has_pids && ! has_v1; then echo +pids >$v2/cgroup.subtree_control; fi
  # The cases are not in a root, which has no cgroup of its own to count by.
  for hierarchy in "$v2" /sys/fs/cgroup/pids; do
    if [ ! -e "$hierarchy/cgroup.procs" ]; then continue; fi
    mkdir "$hierarchy/cases"
    echo $$ >"$hierarchy/cases/cgroup.procs"
  done
  # Cases with core dumps need space for them.
  echo /tmp/core >/proc/sys/kernel/core_pattern
  ulimit -c unlimited
  ip link set lo up
}

# The counter: launch starts it, and scrape writes all counts so far to /tmp/scrape.

# Those of run.sh, and collectors that are disabled by default.
read -r further_flags </flags
flags="--collector.exit-codes --collector.exec-failures --lifetimes.per-namespace $further_flags"
# The first counter logs what the kernel's verifier did.
level=debug

launch() {
  # shellcheck disable=SC2086 # flags are words
  pidns-exporter --web.listen-address=127.0.0.1:10059 --poll.interval=100ms --labels.grace=0 $flags \
    --log.level="$level" \
    </dev/null >/tmp/counter.log 2>&1 3>&- &
  counter=$!
  within 60 fetch
}
fetch() { wget -q -O /tmp/scrape http://127.0.0.1:10059/metrics 2>/dev/null; }
# The last task scan, and so its poll, started after $now.
has_scanned() {
  fetch && scanned=$(sed -n 's/^pidns_last_task_walk_timestamp_seconds \([0-9]*\).*/\1/p' /tmp/scrape) &&
    [ "${scanned:-0}" -gt "$now" ]
}
scrape() {
  now=$(date +%s)
  within 30 has_scanned
}

# within SECONDS COMMAND…: repeats it until it succeeds, while the counter runs.
within() {
  within_tries=$(($1 * 10))
  shift
  until "$@"; do
    kill -0 "$counter" 2>/dev/null || return 1
    within_tries=$((within_tries - 1))
    [ "$within_tries" -gt 0 ] || return 1
    usleep 100000
  done
}

# Without a counter, no case can run.
start_counter() {
  rm -f /tmp/counter.log
  if launch; then return; fi
  emit "error the counter does not start: $(tail -n 1 /tmp/counter.log)"
  poweroff -f
}

stop_counter() {
  kill "$counter"
  wait "$counter" || emit "error the counter ended with $?"
  # For debugging. The kernel's facts are in the log of the first counter.
  sed 's/^/counter: /' /tmp/counter.log
  if [ -z "$facts" ]; then
    facts=$(sed -n 's/.*msg=counting //p' /tmp/counter.log | tr ' ' '\n' | grep -vE '^(map_entries|collectors)=')
    lacks=$(sed -n 's/.*collector not supported by this kernel.* collector=\([^ ]*\).*/\1/p' /tmp/counter.log | tr '\n' ' ')
    facts="$facts $(sed -n 's/.*msg=confined .*\(landlock=[^ ]*\).*\(seccomp=[^ ]*\).*/\1 \2/p' /tmp/counter.log) lacks=$(echo "${lacks:--}" | sed 's/ $//; s/ /,/g') possible_cpus=$(cat /sys/devices/system/cpu/possible)"
    facts="$facts $(sed -n 's/.*msg=verified instructions=\([0-9]*\) program=\(.*\)/\2=\1/p' /tmp/counter.log | tr '\n' ' ')"
    level=info
  fi
}

# compare [after-ready]: prints the new truths, and the samples of their namespaces.
compared=0
compare() {
  compare_lines=$(wc -l </tmp/truth)
  sed -n "$((compared + 1)),\${/\"ready\":true/d;p}" /tmp/truth >/tmp/new_truth
  compared=$compare_lines
  if ! [ -s /tmp/new_truth ]; then return; fi
  scrape || {
    emit "error no scrape: $(tail -n 1 /tmp/counter.log)"
    return
  }
  sed 's/^/@@ truth /' /tmp/new_truth
  compare_namespaces=$(sed -n 's/.*"pidns":\([0-9]*\).*/pidns="\1"/p' /tmp/new_truth | sort -u | tr '\n' '|')
  grep -E "$compare_namespaces^pidns_(node_|bpf_program_attached|bpf_program_misses|bpf_events_dropped)" /tmp/scrape |
    sed 's/^/@@ metric /'
  emit "compare${1:+ $1}"
}

workload_failed() { emit "error the workload failed with $1: $(tail -n 1 /tmp/workload.log)"; }

is_ready() { grep -q '"ready":true' /tmp/truth; }

# A case that runs to its end.
run() {
  start_counter
  timeout 300 pidns-workload "$@" </dev/null >/tmp/truth 2>/tmp/workload.log || workload_failed $?
  compare
  stop_counter
}

# A case that reports when it is ready, and continues at the end of its input.
hold() {
  start_counter
  timeout 300 pidns-workload "$@" </tmp/input >/tmp/truth 2>/tmp/workload.log &
  workload=$!
  exec 3>/tmp/input
  if within 200 is_ready; then compare; else emit "error it never became ready"; fi
  exec 3>&-
  wait "$workload" || workload_failed $?
  compare
  stop_counter
}

# A case whose namespace is older than the counter.
late() {
  timeout 300 pidns-workload "$@" </tmp/input >/tmp/truth 2>/tmp/workload.log &
  workload=$!
  exec 3>/tmp/input
  counter=$workload
  within 200 is_ready || emit "error it never became ready"
  start_counter
  echo go >&3
  exec 3>&-
  wait "$workload" || workload_failed $?
  compare after-ready
  stop_counter
}

# named CASE FOLDER: a case in the cgroup of a pod's container, by which its namespaces must be identified.
pod=0f3c9a1e-7d2b-4c5e-8f6a-1b2c3d4e5f60
container=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
named() {
  cgroup=$2/kubepods/burstable/pod$pod/$container
  emit "case $1"
  compared=0
  mkdir -p "$cgroup"
  start_counter
  (echo 0 >"$cgroup/cgroup.procs" && exec timeout 300 pidns-workload spawn --count 10) \
    </dev/null >/tmp/truth 2>/tmp/workload.log || workload_failed $?
  compare
  pidns=$(sed -n 's/.*"pidns":\([0-9]*\).*/\1/p' /tmp/truth)
  grep "^pidns_info{.*pidns=\"$pidns\"" /tmp/scrape | grep -q "$pod.*$container\|$container.*$pod" ||
    emit "error it is not identified by its cgroup: $(grep '^pidns_info' /tmp/scrape | tr '\n' ' ')"
  stop_counter
}

# unit CASE FOLDER: a service in the host's namespace, and a container in it, must have series of their own.
unit() {
  emit "case $1"
  compared=0
  mkdir -p "$2/system.slice/test.service" "$2/lxc.payload.agent"
  start_counter
  timeout 300 pidns-workload spawn --count 10 </dev/null >/tmp/truth 2>/tmp/workload.log || workload_failed $?
  compare
  for cgroup in system.slice/test.service lxc.payload.agent; do
    sh -c 'echo 0 >"$0/cgroup.procs"; for i in 1 2 3 4 5; do /bin/busybox true; done; /bin/busybox sh -c "kill -SEGV \$\$"; :' "$2/$cgroup"
  done
  rmdir "$2/system.slice/test.service" "$2/lxc.payload.agent"
  # A part is final two polls after the removal of its cgroup. A container in the host's namespace is shown after two
  # task scans, which are far apart on an emulated CPU: the pause is 99 times as long as a scan.
  for labels in 'container="",unit="test.service"' 'container="agent"'; do
    within 120 has_counts "$labels" || emit "error wrong counts of $labels: $(grep -F "$labels" /tmp/scrape | tr '\n' ' ')"
  done
  stop_counter
}
has_counts() {
  fetch
  series="{pidns=\"4026531836\",namespace=\"\",pod=\"\",$1"
  for count in "execs_total$series} 6" "forks_total$series} 6" "exits_total$series,reason=\"completed\"} 6" \
    "signal_deaths_total$series,signal=\"SIGSEGV\"} 1"; do
    grep -qxF "pidns_process_$count" /tmp/scrape || return 1
  done
}

# mount_v1 HIERARCHY FOLDER: a controller is in one hierarchy at a time, and leaves it with a delay.
mount_v1() {
  tries=0
  until mount -t cgroup -o "$1" cgroup "$2" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || {
      emit "error there is no hierarchy $1"
      break
    }
    usleep 100000
  done
}

# seconds_of SERIES: its value in the last scrape, in whole seconds.
seconds_of() { sed -n "s/^$1 \([0-9]*\).*/\1/p" /tmp/scrape; }

# Sets the wall clock: start times must follow it at the next poll.
clock() {
  emit 'case clock'
  compared=0
  start_counter
  timeout 300 pidns-workload hold --namespaces 1 --execs 1 </tmp/input >/tmp/truth 2>/tmp/workload.log &
  workload=$!
  exec 3>/tmp/input
  within 200 is_ready || emit 'error it never became ready'
  compare
  pidns=$(sed -n 's/.*"pidns":\([0-9]*\).*/\1/p' /tmp/truth | head -n 1)
  series="pidns_start_time_seconds{pidns=\"$pidns\",.*}"
  start=$(seconds_of "$series")
  own=$(seconds_of process_start_time_seconds)
  for step in 18000 -18000; do
    date -s "@$(($(date +%s) + step))" >/dev/null || emit 'error the clock cannot be set'
    start=$((start + step))
    own=$((own + step))
    # /tmp/scrape may be older.
    within 30 follows || emit "error $(seconds_of "$series") and $(seconds_of process_start_time_seconds) instead of $start and $own"
  done
  exec 3>&-
  wait "$workload" || workload_failed $?
  stop_counter
}

# date(1) loses up to a second.
follows() {
  fetch && is_close "$(seconds_of "$series")" "$start" && is_close "$(seconds_of process_start_time_seconds)" "$own"
}
is_close() { [ "$(($1 - $2))" -ge -2 ] && [ "$(($1 - $2))" -le 2 ]; }

# stated FIELD: a number of the last truth.
stated() { sed -n "\$s/.*\"$1\":\([0-9]*\).*/\1/p" /tmp/truth; }

# Each event must be shown once, with the identity that the process reads itself.
check_events() {
  emit 'case events'
  compared=0
  start_counter
  pidns-exporter events --fork --args --output=json --log.level=info >/tmp/events 2>/tmp/events.log 3>&- &
  events_pid=$!
  within 60 grep -q 'showing events' /tmp/events.log || emit "error no events: $(tail -n 1 /tmp/events.log)"
  timeout 300 pidns-workload mixed --count 300 </dev/null >/tmp/truth 2>/tmp/workload.log || workload_failed $?
  compare
  yes '' | unshare -p -f -n -u -i -m pidns-workload identities >/tmp/identities 2>/tmp/workload.log || workload_failed $?
  kill -INT "$events_pid"
  wait "$events_pid" || emit "error events ended with $?"
  sed 's/^/events: /' /tmp/events.log
  pidns=$(stated pidns)
  check_exemplars
  stop_counter

  for kind in exec fork exit; do
    lines=$(grep -c "\"event\":\"$kind\".*\"pid_ns\":$pidns," /tmp/events)
    [ "$lines" = "$(stated "${kind}s")" ] || emit "error $lines events $kind shown, $(stated "${kind}s") true"
  done
  if grep -q '"event":"dropped"' /tmp/events; then emit 'error events were dropped'; fi
  [ "$(wc -l </tmp/identities)" = 5 ] || emit 'error not all processes have reported their identity'
  while read -r line; do
    numbers=$(echo "$line" | sed 's/.*\("pid":.*"comm":"[^"]*"\).*/\1/')
    namespaces=$(echo "$line" | sed 's/.*\("cgroup_ns":.*[0-9]\).*/\1/')
    grep -F "$numbers" /tmp/events | grep -F "$namespaces" | grep -q '"event":"exit"' ||
      emit "error there is no exit event of $line"
  done </tmp/identities
}

# The exemplar of a counter is the last such event of the namespace.
check_exemplars() {
  wget -q -O /tmp/openmetrics --header 'Accept: application/openmetrics-text; version=1.0.0' http://127.0.0.1:10059/metrics
  for series in "exec execs_total{pidns=\"$pidns\"," "exit exits_total{pidns=\"$pidns\",.*reason=\"error\""; do
    kind=${series%% *}
    exemplar=$(sed -n "s/^pidns_process_${series#* }.* # {pid=\"\([0-9]*\)\",host_pid=\"\([0-9]*\)\",.*comm=\"\([^\"]*\)\"}.*/\"host_pid\":\2,.*\"pid\":\1,.*\"comm\":\"\3\"/p" /tmp/openmetrics)
    last=$(grep "\"event\":\"$kind\".*\"pid_ns\":$pidns," /tmp/events | if [ "$kind" = exit ]; then grep '"reason":"error"'; else cat; fi | tail -n 1)
    { [ -n "$exemplar" ] && echo "$last" | grep -q "$exemplar"; } || emit "error the exemplar ${exemplar:-does not exist}, the last $kind $last"
  done
}

prepare
mkfifo /tmp/input
facts=
emit "fact uname $(uname -r)"
emit "fact flags ${further_flags:--}"
while read -r how name arguments; do
  case $how in '' | '#'*) continue ;; esac
  emit "case $name"
  compared=0
  : >/tmp/truth
  # shellcheck disable=SC2086 # they are words
  "$how" "$name" $arguments
done </cases
check_events
if has_names; then
  clock
else
  emit 'without clock'
fi
# The parts of a namespace follow the first controller in v1, or else v2.
if has_names && ! has_v1; then
  unit unit-cgroup-v2 "$v2"
else
  emit 'without unit-cgroup-v2'
fi
if has_names; then
  named cgroup-v2 "$v2"
  mkdir /tmp/v1
  if has_pids; then
    hierarchy=pids
    if ! has_v1; then echo -pids >"$v2/cgroup.subtree_control"; fi
  else
    hierarchy=none,name=systemd
  fi
  mount_v1 "$hierarchy" /tmp/v1
  named cgroup-v1 /tmp/v1
  if ! has_pids; then
    mkdir /tmp/cpu
    mount_v1 cpu /tmp/cpu
  fi
else
  emit 'without cgroup-v2'
  emit 'without cgroup-v1'
fi
if ! has_names; then
  emit 'without unit-cgroup-v1'
elif has_pids; then
  unit unit-cgroup-v1 /tmp/v1
else
  unit unit-cgroup-v1 /tmp/cpu
fi
for fact in $facts; do emit "fact ${fact%%=*} ${fact#*=}"; done
emit end
poweroff -f
