#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# program.sh NAME STEP…
#
# The program of a service: takes the steps, and appends a line to /run/records/NAME with what it did in its own cgroup, including its own end.
# The line has neither its own fork nor the execs that made it this program: those are systemd's. dash forks for each command that is no builtin.
#
#   run N     N processes exit with 0         fail N   N processes exit with 7      crash N   N processes die by SIGSEGV
#   fork N    N processes without an exec     nest N   like run, in a cgroup that the program creates in its own
#   miss N    N failed execs, then exits with 127               thread N  N processes with a second thread
#   dump N    like crash, with a core dump                      oom N     N processes are killed by the OOM killer
#   exit N    exits with N                    segv     dies by SIGSEGV              until N   dies by SIGSEGV, unless it is the N-th start
#   leave     leaves a child, which stays
#   stay      waits for SIGTERM, with a child                   outgrow   becomes a program that the OOM killer kills
name=$1
counts='forks execs completed error SIGSEGV SIGTERM SIGKILL thread_starts core_dumps oom_kills alive ENOENT exit_3 exit_5 exit_7 exit_127'
for count in $counts; do eval "$count=0"; done
shift

# add NAME…: adds one to each of these counts.
add() { for count; do eval "$count=\$(($count + 1))"; done; }

# repeat N COMMAND…
repeat() {
  left=$1
  shift
  while [ "$left" -gt 0 ]; do
    "$@"
    add forks
    left=$((left - 1))
  done
}
run() { /bin/true && add execs completed; }
fail() { /bin/sh -c 'exit 7' || add execs error exit_7; }
crash() { /bin/sh -c 'kill -SEGV $$' || add execs SIGSEGV; }
dump() { crash && add core_dumps; }
fork() { (:) && add completed; }
miss() { /nonexistent || add ENOENT error exit_127; }
# Two threads sort that many lines.
thread() { sort --parallel=2 --buffer-size=64M --output=/dev/null /run/lines && add execs thread_starts completed; }
oom() { tail /dev/zero || add execs SIGKILL oom_kills; }

# nest N: a child enters a new cgroup, and runs N processes there.
nest() {
  IFS= read -r line </proc/self/cgroup
  inner=/sys/fs/cgroup${line#0::}/inner
  mkdir "$inner" && add forks execs completed
  (echo 0 >"$inner/cgroup.procs" && i=0 && while [ "$i" -lt "$1" ]; do /bin/true && i=$((i + 1)); done) &&
    forks=$((forks + 1 + $1)) execs=$((execs + $1)) completed=$((completed + 1 + $1))
}

# end NAME…: adds the program's end, and writes the record. Nothing but this end may follow.
end() {
  add "$@"
  record=
  for count in $counts; do eval "record=\"\$record $count=\$$count\""; done
  echo "${record# }" >>"/run/records/$name"
}

while [ $# -gt 0 ]; do
  step=$1
  case $step in
    segv) end SIGSEGV && kill -SEGV $$ ;;
    until)
      starts=1
      if [ -e "/run/records/$name" ]; then while read -r _; do starts=$((starts + 1)); done <"/run/records/$name"; fi
      if [ "$starts" -lt "$2" ]; then end SIGSEGV && kill -SEGV $$; fi
      shift
      ;;
    stay)
      sleep infinity &
      add forks execs SIGTERM
      # systemd sends SIGTERM to all processes of a service.
      end SIGTERM
      wait
      ;;
    leave) sleep infinity & add forks execs alive ;;
    exit)
      if [ "$2" = 0 ]; then end completed; else end error "exit_$2"; fi
      exit "$2"
      ;;
    outgrow) end execs SIGKILL oom_kills && exec /usr/bin/tail /dev/zero ;;
    nest) nest "$2" && shift ;;
    *) repeat "$2" "$step" && shift ;;
  esac
  shift
done
