#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
#
# init.sh
#
# What the virtual machine runs: every case of /cases, with a counter started anew for each, so that no
# series has what an earlier namespace of that number left in it. Prints what pidns-judge reads, with @@
# in front of it, and powers off.
#
# The counter is pidns-exporter; where that is not there, pidns-loader with the same BPF object.

say() { echo "@@ $*"; }

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
  mount -t cgroup2 cgroup /sys/fs/cgroup
  echo '+memory +pids' >/sys/fs/cgroup/cgroup.subtree_control
  # Core dumps, for the cases that make them, go where there is room.
  echo /tmp/core >/proc/sys/kernel/core_pattern
  ulimit -c unlimited
  ip link set lo up
}

# The counter: start it, have it show all that has happened by now in /tmp/scrape, stop it.

if [ -x /bin/pidns-exporter ]; then
  # What is off by default.
  flags='--collector.exit-codes --collector.exec-failures --lifetimes.per-namespace'

  launch() {
    # shellcheck disable=SC2086 # flags are words
    pidns-exporter --web.listen-address=127.0.0.1:10059 --poll.interval=100ms --labels.grace=0 $flags \
      </dev/null >/tmp/counter.log 2>&1 3>&- &
    counter=$!
    within 60 fetch
  }
  fetch() { wget -q -O /tmp/scrape http://127.0.0.1:10059/metrics 2>/dev/null; }
  # A walk over the tasks began after now, and so did the poll that it is part of.
  has_walked() {
    fetch && walked=$(sed -n 's/^pidns_last_task_walk_timestamp_seconds \([0-9]*\).*/\1/p' /tmp/scrape) &&
      [ "${walked:-0}" -gt "$now" ]
  }
  scrape() {
    now=$(date +%s)
    within 30 has_walked
  }
else
  launch() {
    pidns-loader /tmp/scrape </dev/null >/tmp/counter.log 2>&1 3>&- &
    counter=$!
    within 60 grep -qs '^msg=counting' /tmp/counter.log
  }
  scrape() {
    rm -f /tmp/scrape
    kill -USR1 "$counter" && within 30 test -f /tmp/scrape
  }
fi

# within SECONDS COMMAND…: repeats it until it succeeds; the counter has to live.
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

# Without it there is nothing to see in any case.
start_counter() {
  rm -f /tmp/counter.log
  if launch; then return; fi
  say "error the counter does not start: $(tail -n 1 /tmp/counter.log)"
  poweroff -f
}

stop_counter() {
  kill "$counter"
  wait "$counter" || say "error the counter ended with $?"
  # For who looks into a log; the first one's facts are those of the kernel.
  sed 's/^/counter: /' /tmp/counter.log
  if [ -z "$facts" ]; then
    facts=$(sed -n 's/.*msg=counting //p' /tmp/counter.log | tr ' ' '\n' | grep -vE '^(map_entries|collectors)=')
    lacks=$(sed -n 's/.*collector not supported by this kernel.* collector=\([^ ]*\).*/\1/p' /tmp/counter.log | tr '\n' ' ')
    facts="$facts lacks=$(echo "${lacks:--}" | sed 's/ $//; s/ /,/g')"
  fi
}

# compare [after-ready]: prints the truths that no comparison had yet, and the samples of their namespaces.
compared=0
compare() {
  compare_lines=$(wc -l </tmp/truth)
  sed -n "$((compared + 1)),\${/\"ready\":true/d;p}" /tmp/truth >/tmp/news
  compared=$compare_lines
  if ! [ -s /tmp/news ]; then return; fi
  scrape || {
    say "error no scrape: $(tail -n 1 /tmp/counter.log)"
    return
  }
  sed 's/^/@@ truth /' /tmp/news
  compare_namespaces=$(sed -n 's/.*"pidns":\([0-9]*\).*/pidns="\1"/p' /tmp/news | sort -u | tr '\n' '|')
  grep -E "$compare_namespaces^pidns_(node_|bpf_program_attached|bpf_program_misses|bpf_events_dropped)" /tmp/scrape |
    sed 's/^/@@ metric /'
  say "compare${1:+ $1}"
}

workload_failed() { say "error the workload failed with $1: $(tail -n 1 /tmp/workload.log)"; }

is_ready() { grep -q '"ready":true' /tmp/truth; }

# A case that runs to its end.
run() {
  start_counter
  timeout 300 pidns-workload "$@" </dev/null >/tmp/truth 2>/tmp/workload.log || workload_failed $?
  compare
  stop_counter
}

# A case that says when it is ready, and goes on at the end of its input.
hold() {
  start_counter
  timeout 300 pidns-workload "$@" </tmp/input >/tmp/truth 2>/tmp/workload.log &
  workload=$!
  exec 3>/tmp/input
  if within 200 is_ready; then compare; else say "error it never was ready"; fi
  exec 3>&-
  wait "$workload" || workload_failed $?
  compare
  stop_counter
}

# A case whose namespace is there before the counter.
late() {
  timeout 300 pidns-workload "$@" </tmp/input >/tmp/truth 2>/tmp/workload.log &
  workload=$!
  exec 3>/tmp/input
  counter=$workload
  within 200 is_ready || say "error it never was ready"
  start_counter
  echo go >&3
  exec 3>&-
  wait "$workload" || workload_failed $?
  compare after-ready
  stop_counter
}

# named CASE FOLDER: a case in the cgroup of a pod's container, by which its namespaces have to be known.
pod=0f3c9a1e-7d2b-4c5e-8f6a-1b2c3d4e5f60
container=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
named() {
  cgroup=$2/kubepods/burstable/pod$pod/$container
  say "case $1"
  compared=0
  mkdir -p "$cgroup"
  start_counter
  (echo 0 >"$cgroup/cgroup.procs" && exec timeout 300 pidns-workload spawn --count 10) \
    </dev/null >/tmp/truth 2>/tmp/workload.log || workload_failed $?
  compare
  pidns=$(sed -n 's/.*"pidns":\([0-9]*\).*/\1/p' /tmp/truth)
  grep "^pidns_info{.*pidns=\"$pidns\"" /tmp/scrape | grep -q "$pod.*$container\|$container.*$pod" ||
    say "error it is not known by its cgroup: $(grep '^pidns_info' /tmp/scrape | tr '\n' ' ')"
  stop_counter
}

# The value of a series in the last scrape, in whole seconds.
seconds_of() { sed -n "s/^$1 \([0-9]*\).*/\1/p" /tmp/scrape; }

# The wall clock is set: start times have to follow it, as soon as the next poll.
clock() {
  say 'case clock'
  compared=0
  start_counter
  timeout 300 pidns-workload hold --namespaces 1 --execs 1 </tmp/input >/tmp/truth 2>/tmp/workload.log &
  workload=$!
  exec 3>/tmp/input
  within 200 is_ready || say 'error it never was ready'
  compare
  pidns=$(sed -n 's/.*"pidns":\([0-9]*\).*/\1/p' /tmp/truth | head -n 1)
  series="pidns_start_time_seconds{pidns=\"$pidns\",.*}"
  start=$(seconds_of "$series")
  own=$(seconds_of process_start_time_seconds)
  for step in 18000 -18000; do
    date -s "@$(($(date +%s) + step))" >/dev/null || say 'error the clock cannot be set'
    start=$((start + step))
    own=$((own + step))
    # What /tmp/scrape has may be from before.
    within 30 follows || say "error $(seconds_of "$series") and $(seconds_of process_start_time_seconds) instead of $start and $own"
  done
  exec 3>&-
  wait "$workload" || workload_failed $?
  stop_counter
}

# Within the second that date loses.
follows() {
  fetch && is_close "$(seconds_of "$series")" "$start" && is_close "$(seconds_of process_start_time_seconds)" "$own"
}
is_close() { [ "$(($1 - $2))" -ge -2 ] && [ "$(($1 - $2))" -le 2 ]; }

# A number of the last truth.
stated() { sed -n "\$s/.*\"$1\":\([0-9]*\).*/\1/p" /tmp/truth; }

# Every event has to be told of once, and of whom the process says that it is.
told() {
  say 'case events'
  compared=0
  start_counter
  pidns-exporter events --fork --args --output=json --log.level=info >/tmp/told 2>/tmp/told.log 3>&- &
  teller=$!
  within 60 grep -q 'showing events' /tmp/told.log || say "error no events: $(tail -n 1 /tmp/told.log)"
  timeout 300 pidns-workload mixed --count 300 </dev/null >/tmp/truth 2>/tmp/workload.log || workload_failed $?
  compare
  yes '' | unshare -p -f -n -u -i -m pidns-workload identities >/tmp/said 2>/tmp/workload.log || workload_failed $?
  kill -INT "$teller"
  wait "$teller" || say "error events ended with $?"
  sed 's/^/events: /' /tmp/told.log
  stop_counter

  pidns=$(stated pidns)
  for kind in exec fork exit; do
    lines=$(grep -c "\"event\":\"$kind\".*\"pid_ns\":$pidns," /tmp/told)
    [ "$lines" = "$(stated "${kind}s")" ] || say "error $lines events $kind told, $(stated "${kind}s") true"
  done
  if grep -q '"event":"dropped"' /tmp/told; then say 'error events were dropped'; fi
  [ "$(wc -l </tmp/said)" = 5 ] || say 'error not all have said who they are'
  while read -r line; do
    numbers=$(echo "$line" | sed 's/.*\("pid":.*"comm":"[^"]*"\).*/\1/')
    namespaces=$(echo "$line" | sed 's/.*\("cgroup_ns":.*[0-9]\).*/\1/')
    grep -F "$numbers" /tmp/told | grep -F "$namespaces" | grep -q '"event":"exit"' ||
      say "error no exit of $line is told"
  done </tmp/said
}

prepare
mkfifo /tmp/input
facts=
say "fact uname $(uname -r)"
while read -r how name arguments; do
  case $how in '' | '#'*) continue ;; esac
  say "case $name"
  compared=0
  : >/tmp/truth
  # shellcheck disable=SC2086 # they are words
  "$how" "$name" $arguments
done </cases
if [ -x /bin/pidns-exporter ]; then
  told
  clock
else
  say 'without events'
  say 'without clock'
fi
named cgroup-v2 /sys/fs/cgroup
# A controller is in one hierarchy, and the kernel takes its time to have it leave one.
echo -pids >/sys/fs/cgroup/cgroup.subtree_control
mkdir /tmp/pids
tries=0
until mount -t cgroup -o pids pids /tmp/pids 2>/dev/null; do
  tries=$((tries + 1))
  [ "$tries" -lt 100 ] || {
    say 'error there is no hierarchy of pids'
    break
  }
  usleep 100000
done
named cgroup-v1 /tmp/pids
for fact in $facts; do say "fact ${fact%%=*} ${fact#*=}"; done
say end
poweroff -f
