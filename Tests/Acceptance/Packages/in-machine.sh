#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# in-machine.sh deb|make
#
# Runs in the virtual machine, as a service of its systemd: installs the exporter's service, uses it as an administrator does, and
# removes it. Prints `ok` or `FAILED` for each step, and lines for pidns-console-check, which begin with @@.
set -uo pipefail
# A service has no HOME.
export HOME=/root
test=/packages-test
work=/tmp
# shellcheck source=Tests/Support/Checks/checks.sh
. "$test/checks.sh"
# shellcheck source=Tests/Support/Machine/inside.sh
. "$test/inside.sh"

# is PROPERTY VALUE: whether the service has this property in systemd.
is() {
  local value
  value=$(systemctl show --property="$1" --value "$service")
  [ "$value" = "$2" ] || { echo "$1=$value, not $2"; systemctl status --no-pager --full "$service"; return 1; }
}

main_pid() { systemctl show --property=MainPID --value "$service"; }
status() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$(main_pid)/status"; }

# starts: whether the service runs, without a restart.
starts() {
  within 60 serves && is ActiveState active && is SubState running && is NRestarts 0 && return
  journalctl --boot --no-pager --unit="$service" | tail -n 5
  return 1
}

# counts CASE OPTION…: runs a case of the workload, and prints the truth and the service's samples. Successive namespaces may have one
# inum, and their events add up. So the truth is that of all cases since the counts began.
counts() {
  emit "case $1"
  if [ "$(main_pid)" != "$counting" ]; then : >/tmp/truth; fi
  run_case "$@"
  compare_counts
}
# The process of the service that has all counts of the truth.
counting=

# counts_through COMMAND CASE OPTION…: the same, while COMMAND ends the service.
counts_through() {
  emit "case $2"
  if [ "$(main_pid)" != "$counting" ]; then : >/tmp/truth; fi
  run_case "${@:2}" &
  "$1" || emit "error $1 failed"
  wait $!
  if [ "$(main_pid)" = "$counting" ]; then emit 'error the service did not end'; fi
  within 60 serves
  compare_counts
}

run_case() {
  timeout 120 pidns-workload "$@" </dev/null >>/tmp/truth 2>/tmp/workload.log ||
    emit "error the workload failed with $?: $(tail -n 1 /tmp/workload.log)"
}

compare_counts() {
  counting=$(main_pid)
  within 60 has_scanned "$(date +%s)" || emit 'error no scrape'
  sed 's/^/@@ truth /' /tmp/truth
  grep -E "$(sed -n 's/.*"pidns":\([0-9]*\).*/pidns="\1"/p' /tmp/truth | sort -u | tr '\n' '|')^pidns_(node_|bpf_)" /tmp/scrape |
    sed 's/^/@@ metric /'
  emit compare
}

# All collectors, for a complete comparison. Several flags, because systemd could pass them as one word.
set_flags() {
  sed --in-place 's/^ARGS=.*/ARGS="--collector.exit-codes --collector.exec-failures --lifetimes.per-namespace --poll.interval=100ms --labels.grace=0s"/' \
    "/etc/default/$service" && systemctl restart "$service"
}

# The service was started with CAP_PERFMON and CAP_BPF (38 and 39), and has given them up. The bounding set stays,
# because CAP_SETPCAP is not in it.
gave_up_two_capabilities() {
  local set
  [ "$(status CapBnd)" = 000000c000000000 ] || { echo "CapBnd $(status CapBnd)"; return 1; }
  for set in CapInh CapPrm CapEff CapAmb; do
    [ "$(status $set)" = 0000000000000000 ] || { echo "$set $(status $set)"; return 1; }
  done
}

is_confined() {
  # For the output of a failure.
  cat "/proc/$(main_pid)/status"
  # Dynamic users have the uids from 61184 on.
  [ "$(status NoNewPrivs)" = 1 ] && [ "$(status Seccomp)" = 2 ] && [ "$(status Uid | cut -f 1)" -ge 61184 ]
}

# systemd knows every line of the unit, and none is overridden.
is_understood() {
  [ -z "$(systemctl show --property=DropInPaths --value "$service")" ] && systemd-analyze verify --man=no "$service.service" &&
    ! journalctl --boot --no-pager | grep -F "$service.service:" | grep -iE 'unknown|ignoring|failed to parse|not supported'
}

# Higher than this threshold means more privileges than the exporter needs.
is_hardened() { systemd-analyze security --threshold=20 --no-pager "$service.service"; }

# It reports readiness and its state: the start has waited for that.
# A slow machine may have a late poll beside it, which is reported.
is_healthy() { systemctl show --property=StatusText --value "$service" | grep -x 'Healthy\(\. In the last five minutes: .*\)\?'; }
is_notified() { is Type notify && is_healthy && is WatchdogUSec 2min; }

# A process that does not run reports nothing.
is_restarted_by_watchdog() {
  local before folder=/run/systemd/system/$service.service.d
  mkdir -p "$folder" && printf '[Service]\nWatchdogSec=5\n' >"$folder/watchdog.conf"
  systemctl daemon-reload && systemctl restart "$service" && before=$(main_pid) && kill -STOP "$before" || return 1
  within 60 is NRestarts 1 && within 60 serves && [ "$(main_pid)" != "$before" ] || return 1
  rm -r "$folder" && systemctl daemon-reload && systemctl restart "$service"
}

# The clock of this machine, and one of its CPUs, are nobody else's.
sets_clock_and_cpu() {
  local hours
  for hours in '-5 hours' '+10 hours' '-5 hours'; do
    date --set="$hours" && within 60 has_scanned "$(date +%s)" || return 1
  done
  echo 0 >/sys/devices/system/cpu/cpu1/online && within 60 has_scanned "$(date +%s)" || return 1
  pidns-workload mixed --count 50 >>/tmp/truth </dev/null
  echo 1 >/sys/devices/system/cpu/cpu1/online && within 60 has_scanned "$(date +%s)" || return 1
  journalctl --boot --no-pager --unit="$service" | grep -F 'wall clock was set'
}

log_is_clean() { ! journalctl --boot --no-pager --unit="$service" | grep -E 'level=(warning|error|critical)|Failed|Error'; }

# Connects to a server by name with TLS, with the authority and the certificate of a kubeconfig. The log shows that the response was read,
# and is not that of an API server.
connects_to_server() {
  local status=0
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /tmp/key -out /tmp/certificate -subj /CN=api.test \
    -addext 'subjectAltName=DNS:api.test' || return 1
  openssl s_server -accept 6443 -cert /tmp/certificate -key /tmp/key -Verify 1 -www >/tmp/server 2>&1 </dev/null &
  echo '127.0.0.1 api.test' >>/etc/hosts
  cat >/etc/kubeconfig <<END
{"apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
 "clusters": [{"name": "c", "cluster": {"server": "https://api.test:6443", "certificate-authority-data": "$(base64 --wrap=0 /tmp/certificate)"}}],
 "users": [{"name": "u", "user": {"client-certificate-data": "$(base64 --wrap=0 /tmp/certificate)", "client-key-data": "$(base64 --wrap=0 /tmp/key)"}}]}
END
  chmod 644 /etc/kubeconfig
  sed --in-place 's/^ARGS="/&--kubernetes --kubernetes.kubeconfig=\/etc\/kubeconfig --kubernetes.node=n /' "/etc/default/$service"
  systemctl restart "$service"
  within 60 serves && within 60 has_read_answer || status=1
  kill $!
  return "$status"
}
has_read_answer() { journalctl --boot --no-pager --unit="$service" | tee "$work/output" | grep -F 'error="the response is not a list"'; }

# Follows the advice of /etc/default for Docker's names.
reads_names() {
  local id pidns
  id=$(printf '%064d' 7)
  mkdir -p "/var/lib/docker/containers/$id" "/sys/fs/cgroup/docker/$id" "/etc/systemd/system/$service.service.d"
  chmod 700 /var/lib/docker /var/lib/docker/containers
  echo '{"ID":"'"$id"'","Name":"/shop","Config":{"Image":"shop:7"}}' >"/var/lib/docker/containers/$id/config.v2.json"
  chmod 600 "/var/lib/docker/containers/$id/config.v2.json"
  sed -n '/^#   \[Service\]/,/^[^#]/s/^#   //p' "/etc/default/$service" >"/etc/systemd/system/$service.service.d/names.conf"
  cat "/etc/systemd/system/$service.service.d/names.conf"
  systemctl daemon-reload && systemctl restart "$service" && within 60 serves || return 1
  (echo 0 >"/sys/fs/cgroup/docker/$id/cgroup.procs" && exec pidns-workload spawn --count 10) >/tmp/named </dev/null || return 1
  within 60 has_scanned "$(date +%s)"
  pidns=$(sed -n 's/.*"pidns":\([0-9]*\).*/\1/p' /tmp/named)
  grep -F "pidns=\"$pidns\"" /tmp/scrape | tee -a "$work/output" | grep -qF 'container="shop"'
}

undo_changes() {
  rm -r "/etc/systemd/system/$service.service.d" && systemctl daemon-reload && systemctl restart "$service" && within 60 serves
}

# Follows the advice for counting through restarts: the drop-in is where the installation put it.
pins() {
  local drop_in
  drop_in=$(find /usr -path '*/prometheus-pidns-exporter/examples/pinning.conf') && [ -n "$drop_in" ] || return 1
  install -D -m 644 "$drop_in" "/etc/systemd/system/$service.service.d/pinning.conf"
  sed --in-place 's|^ARGS="|&--bpf.pin=/sys/fs/bpf/pidns --state.file=/run/pidns-exporter/state |' "/etc/default/$service"
  systemctl daemon-reload && systemctl restart "$service" && within 60 serves && is NRestarts 0 && grep '^pidns_bpf_pinned 1$' /tmp/scrape && return
  journalctl --boot --no-pager --unit="$service" | tail -n 5
  return 1
}
kill_service() { systemctl kill --kill-whom=main --signal=KILL "$service"; }
restart_service() { systemctl restart "$service"; }
unpins() {
  systemctl stop "$service" && pidns-exporter unpin && no_file /sys/fs/bpf -name 'pidns*' || return 1
  sed --in-place 's|--bpf.pin=[^ ]* --state.file=[^ ]* ||' "/etc/default/$service"
  undo_changes && no_file /sys/fs/bpf -name 'pidns*'
}

# With the .socket unit of docs/flags.md, no scrape is refused while the service restarts. Before its first poll, the status is 503.
answers_through_restart() {
  local unit=/etc/systemd/system/$service.socket restart
  printf '[Socket]\nListenStream=10059\n[Install]\nWantedBy=sockets.target\n' >"$unit"
  sed --in-place 's/^ARGS="/&--web.systemd-socket /' "/etc/default/$service"
  systemctl daemon-reload && systemctl stop "$service" && systemctl start "$service.socket" || return 1
  # The first scrape starts it.
  within 60 serves && is ActiveState active || return 1
  systemctl restart "$service" &
  restart=$!
  while kill -0 "$restart" 2>/dev/null; do
    curl --silent --show-error --output /tmp/output "$url" || return 1
  done
  wait "$restart" && within 60 serves && is NRestarts 0 || return 1
  systemctl stop "$service.socket" "$service" && rm "$unit" && sed --in-place 's/--web.systemd-socket //' "/etc/default/$service"
  systemctl daemon-reload && systemctl start "$service" && within 60 serves
}

install_deb() { apt-get install --yes "$test"/packages/*.deb; }
install_make() { systemctl daemon-reload && systemctl enable --now "$service"; }

# The new program runs with the same flags.
upgrade_deb() {
  local before flags
  before=$(main_pid) flags=$(cat "/etc/default/$service")
  apt-get install --yes "$test"/newer.deb || return 1
  within 60 serves && [ "$(main_pid)" != "$before" ] && [ "$(cat "/etc/default/$service")" = "$flags" ] && is NRestarts 0
}
upgrade_make() {
  local before
  before=$(main_pid)
  systemctl daemon-reload && systemctl restart "$service" && within 60 serves && [ "$(main_pid)" != "$before" ]
}

# link_ids PID: the BPF links that a process holds. systemd may hold its own.
link_ids() { sed -n 's/^link_id:[[:space:]]*//p' /proc/"$1"/fdinfo/* | sort -u; }

# attached FILE: whether any process holds one of these links, and prints them.
attached() {
  local folder held
  # Processes may end meanwhile.
  held=$(for folder in /proc/[0-9]*; do link_ids "${folder#/proc/}"; done 2>/dev/null | sort -u)
  comm -12 - "$1" <<<"$held" | grep .
}

stops() {
  link_ids "$(main_pid)" >/tmp/links
  attached /tmp/links || { echo 'the service has attached nothing'; return 1; }
  systemctl stop "$service" && is ActiveState inactive && is Result success && ! scrape && ! attached /tmp/links
}

# no_file ARGUMENT…: whether find finds nothing, without an error; prints what it finds.
no_file() {
  local found
  found=$(find "$@") || return 1
  [ -z "$found" ] || { echo "$found"; return 1; }
}

remove_deb() { apt-get remove --yes "$service" && [ -e "/etc/default/$service" ] && ! systemctl cat "$service"; }
purge_deb() { apt-get purge --yes "$service" && no_file /etc /lib/systemd /usr /var/lib/systemd -name '*pidns*' ! -name pidns-workload; }
remove_make() {
  systemctl disable --now "$service" && make --file "$test/Makefile" uninstall && systemctl daemon-reload && ! systemctl cat "$service" &&
    [ -e "/etc/default/$service" ] && no_file /usr/local /etc/systemd -name '*pidns-exporter*'
}

main() {
  local how=$1
  emit "fact uname $(uname -r)"
  emit "fact systemd $(systemctl --version | sed -n '1s/[^ ]* \([0-9]*\).*/\1/p')"
  check 'the service installs' "install_$how"
  check 'the service starts' starts
  check 'systemd knows every line of the unit, and none is overridden' is_understood
  check 'the service is enabled' is UnitFileState enabled
  check 'the service has given up its two capabilities' gave_up_two_capabilities
  check 'the service has a dynamic user and filtered system calls' is_confined
  check 'its exposure level is below 2.0' is_hardened
  check 'the service reports that it is ready and healthy' is_notified
  check 'flags in /etc/default are applied by a restart' set_flags
  check 'the service starts with them' starts
  counts spawn --count 300
  counts mixed --count 100
  counts threads-exit-group --count 50 --threads 4
  counts signals
  counts exec-failure --count 60
  counts init-killed
  counts oom
  check 'its log has no warning' log_is_clean
  check 'an upgrade restarts the service with its flags' "upgrade_$how"
  counts fork --count 100
  check 'the service goes on while the clock is set, and while a CPU is offline' sets_clock_and_cpu
  counts threads-exit-group --count 50 --threads 4
  check 'the watchdog restarts a service that has stopped' is_restarted_by_watchdog
  check 'the service connects to a server by name, with TLS' connects_to_server
  check "the service reads Docker's names with the advice of /etc/default" reads_names
  check 'the service runs without that advice again' undo_changes
  check 'no scrape is refused while the service restarts, if systemd listens' answers_through_restart
  check 'the service pins its programs with the drop-in' pins
  counts_through kill_service spawn --count 1000
  counts_through restart_service mixed --count 300
  check 'the pins are removed, and the service runs without the drop-in' unpins
  check 'the service stops, and leaves nothing in the kernel' stops
  case $how in
    deb)
      check 'the package is removed, and its flags stay' remove_deb
      check 'the package is purged, and nothing is left' purge_deb
      ;;
    make) check 'the service is uninstalled, and its flags stay' remove_make ;;
  esac
  emit end
}

exec </dev/null >/dev/ttyS1 2>&1
main "$1"
systemctl poweroff --force --force
