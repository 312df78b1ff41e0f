#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# in-machine.sh
#
# Runs in the virtual machine, as a service of its systemd: runs services there and in system containers, while the exporter counts. Their programs
# record what they did. Prints `ok` or `FAILED` for each step, and lines for compare.py, which begin with @@: records, properties of
# systemd, and samples.
set -uo pipefail
test=/units-test
work=/tmp
# shellcheck source=Tests/Support/Checks/checks.sh
. "$test/checks.sh"
# shellcheck source=Tests/Support/Machine/inside.sh
. "$test/inside.sh"
# shellcheck source=Tests/Acceptance/Units/guests.sh
. "$test/guests.sh"
program=/usr/bin/units-program

# define NAME STEPS [LINE…]: defines a service that takes these steps, with lines for its section [Service].
define() {
  printf '%s\n' '[Service]' LimitCORE=0 "${@:3}" "ExecStart=$program $1 $2" >"/etc/systemd/system/$1.service"
}

define_all() {
  mkdir /run/records
  seq 300000 >/run/lines
  # systemd turns core dumps off.
  echo /run/core.%p >/proc/sys/kernel/core_pattern
  define completes 'run 20 exit 0'
  define fails 'run 3 exit 3'
  define crash-loop 'run 5 segv' Restart=on-failure RestartSec=100ms
  sed --in-place '1i [Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=4\n' /etc/systemd/system/crash-loop.service
  define recovers 'fork 2 until 3 stay' Restart=on-failure RestartSec=100ms
  define forks 'run 15 fork 40 exit 0' Type=exec
  define children 'fail 10 crash 6 run 1 exit 0' Type=oneshot
  define stays 'run 2 stay'
  define phases 'run 1 exit 0' Type=oneshot "ExecStartPre=$program phases fork 3 exit 0" "ExecStopPost=$program phases fail 2 exit 0"
  define delegated 'run 4 nest 9 exit 0' Delegate=yes
  define missing '' && sed --in-place 's|^ExecStart=.*|ExecStart=/nonexistent|' /etc/systemd/system/missing.service
  define worker@ 'run 7 crash 1 exit 0' && sed --in-place 's|program worker@|program worker@%i|' /etc/systemd/system/worker@.service
  define dumps 'dump 2 exit 0' LimitCORE=infinity
  define threads 'thread 5 miss 4 exit 0'
  define grows 'run 1 oom 2 exit 0' MemoryMax=40M MemorySwapMax=0 OOMPolicy=continue
  define outgrows 'run 2 outgrow' MemoryMax=40M MemorySwapMax=0
  # Its cgroup has a process when systemd starts it again.
  define keeps 'leave until 3 exit 0' Restart=on-failure RestartSec=100ms KillMode=process
  systemctl daemon-reload
}
units=(completes fails crash-loop recovers forks children stays phases delegated missing worker@1 dumps threads grows outgrows keeps)

is_settled() { ! systemctl list-units --no-legend --plain --state=activating,deactivating,reloading | grep -v units-test; }
has_started() { [ -e "/run/records/$1" ] && [ "$(wc --lines <"/run/records/$1")" = "$2" ]; }

start() {
  local unit
  for unit in "${units[@]}"; do systemctl start --no-block "$unit"; done
  systemd-run --unit=job --property=LimitCORE=0 "$program" job run 6 fail 1 exit 0
  systemd-run --property=LimitCORE=0 "$program" unnamed run 8 exit 0
  systemd-run --property=LimitCORE=0 "$program" unnamed crash 2 exit 5
  within 120 has_started crash-loop 4 && within 60 has_started recovers 3 && within 60 has_started unnamed 2 && within 60 has_started keeps 3 &&
    within 60 has_started stays 1 && sleep 2 && within 60 is_settled
}

# adds_up: whether the series in the scrape add up to the node's totals. The exporter reads one after the other, so it may miss events between.
adds_up() {
  awk 'match($1, /process_(execs|forks|exits)_total/) {
      what = substr($1, RSTART, RLENGTH)
      if (/^pidns_node_/) total[what] += $NF
      else sum[what] += $NF
    }
    END { for (what in total) if (sum[what] != total[what]) exit 1 }' /tmp/scrape
}
is_complete() { has_scanned "$1" && adds_up; }

# show: prints records, properties and samples as they are now, for a comparison.
show() {
  local record unit
  within 60 is_complete "$(date +%s)" || echo 'no scrape is complete'
  emit "look $1"
  for record in /run/records/*; do sed "s/^/@@ record ${record##*/} /" "$record"; done
  for unit in "${units[@]}" job; do
    systemctl show --property=NRestarts,ExecMainStatus,Result "$unit" | sed "s/^/@@ show $unit /"
  done
  grep '^pidns_' /tmp/scrape | sed 's/^/@@ metric /'
}

stop_services() { systemctl stop stays recovers; }

# A restarted service and one that systemd has forgotten continue their series.
start_again() {
  systemctl reset-failed && systemctl restart completes recovers worker@1 && within 60 has_started completes 2 &&
    within 60 has_started worker@1 2 && within 60 has_started recovers 4 && within 60 is_settled
}

log_is_clean() { ! journalctl --boot --no-pager --unit="$service" | grep -E 'level=(warning|error|critical)'; }

main() {
  emit "fact uname $(uname -r)"
  emit "fact systemd $(systemctl --version | sed -n '1s/[^ ]* \([0-9]*\).*/\1/p')"
  check 'the exporter serves' within 60 serves
  define_all
  check 'the services run' start
  show first
  check 'they start again' start_again
  show second
  check 'they stop' stop_services
  show third
  check 'systemd runs services in LXC' run_guest lxc shop
  check 'systemd runs services in systemd-nspawn' run_guest nspawn web
  show guests
  show_guest lxc shop
  show_guest nspawn web
  check 'LXC ends' stop_lxc shop
  check 'systemd-nspawn ends' stop_nspawn web
  check 'the log has no warning' log_is_clean
  emit end
}

exec </dev/null >/dev/ttyS1 2>&1
main
systemctl poweroff --force --force
