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
#   exit N    exits with N                    segv     dies by SIGSEGV              until N   dies by SIGSEGV, unless it is the N-th start
#   stay      waits for SIGTERM, with a child
name=$1 forks=0 execs=0 completed=0 error=0 SIGSEGV=0 SIGTERM=0
shift

# repeat N COMMAND…
repeat() {
  left=$1
  shift
  while [ "$left" -gt 0 ]; do
    "$@"
    forks=$((forks + 1)) left=$((left - 1))
  done
}
run() { /bin/true && execs=$((execs + 1)) completed=$((completed + 1)); }
fail() { /bin/sh -c 'exit 7' || execs=$((execs + 1)) error=$((error + 1)); }
crash() { /bin/sh -c 'kill -SEGV $$' || execs=$((execs + 1)) SIGSEGV=$((SIGSEGV + 1)); }
fork() { (:) && completed=$((completed + 1)); }

# nest N: a child enters a new cgroup, and runs N processes there.
nest() {
  IFS= read -r line </proc/self/cgroup
  inner=/sys/fs/cgroup${line#0::}/inner
  mkdir "$inner" && forks=$((forks + 1)) execs=$((execs + 1)) completed=$((completed + 1))
  (echo 0 >"$inner/cgroup.procs" && i=0 && while [ "$i" -lt "$1" ]; do /bin/true && i=$((i + 1)); done) &&
    forks=$((forks + 1 + $1)) execs=$((execs + $1)) completed=$((completed + 1 + $1))
}

# end REASON: writes the record. Nothing but the program's end may follow.
end() {
  eval "$1=\$(($1 + 1))"
  echo "forks=$forks execs=$execs completed=$completed error=$error SIGSEGV=$SIGSEGV SIGTERM=$SIGTERM" >>"/run/records/$name"
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
      forks=$((forks + 1)) execs=$((execs + 1)) SIGTERM=$((SIGTERM + 1))
      # systemd sends SIGTERM to all processes of a service.
      end SIGTERM
      wait
      ;;
    exit)
      if [ "$2" = 0 ]; then end completed; else end error; fi
      exit "$2"
      ;;
    nest) nest "$2" && shift ;;
    *) repeat "$2" "$step" && shift ;;
  esac
  shift
done
