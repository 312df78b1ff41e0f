#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [--suite SUITE]… [--keep] [TARGET…]
#
# Runs make targets in a bare Debian, as root: debootstrap's smallest system with Swift, git, make and ca-certificates, and a clone of
# this repository's last commit below /root, whose mode is 0700. Another program creates PID namespaces all the time.
#
#   --suite SUITE   bookworm or trixie; can be repeated (default: both)
#   --keep          keeps the Debian at the end, and prints its path
#   TARGET…         make targets (default: run test check deb test-packages)
#
# All mounts are in separate mount namespaces, which end with their last process: nothing is mounted on this machine.
set -euo pipefail
cd "$(dirname "$0")/../../.."

suites=() targets=() keep=
while [ $# != 0 ]; do
  case $1 in
    --suite) suites+=("$2"); shift ;;
    --keep) keep=1 ;;
    -*) sed -n '3,/^set/s/^# \{0,1\}//p' "$0"; exit 2 ;;
    *) targets+=("$1") ;;
  esac
  shift
done
[ ${#suites[@]} != 0 ] || suites=(bookworm trixie)
[ ${#targets[@]} != 0 ] || targets=(run test check deb test-packages)

work=$(mktemp --directory)
# Every user can reach the files in it, except in folders that Debian closes, such as /root.
chmod 755 "$work"
root='' neighbour=''
# shellcheck source=Tests/Support/Checks/checks.sh
. Tests/Support/Checks/checks.sh
swift=$(dirname "$(dirname "$(dirname "$(realpath "$(command -v swift)")")")")

# processes: the processes in the Debian, those of containers included.
processes() {
  local folder
  for folder in /proc/[0-9]*; do
    if [ "$folder/root/." -ef "$root" ]; then echo "${folder#/proc/}"; fi
  done
}

# clean_up: ends every process in the Debian, and removes it.
clean_up() {
  local pids
  if [ -n "$neighbour" ]; then kill "$neighbour" 2>/dev/null || :; fi
  if [ -n "$root" ]; then
    while mapfile -t pids < <(processes) && [ ${#pids[@]} != 0 ]; do
      kill -KILL "${pids[@]}" 2>/dev/null || :
      sleep 0.1
    done
  fi
  if [ -n "$keep" ]; then
    echo "kept: $work"
  else
    rm -rf --one-file-system "$work"
  fi
}
trap clean_up EXIT

# make_root SUITE: creates the Debian, with the mirrors, certificates and git configuration of this machine.
make_root() {
  local sites mirror security file
  root=$work/$1
  # shellcheck disable=SC2016 # A format for apt.
  sites=$(apt-get indextargets --format '$(CODENAME) $(SITE)' 'Created-By: Packages')
  mirror=$(awk '$1 !~ /-/ { print $2; exit }' <<<"$sites")
  security=$(awk '$1 ~ /-security$/ { print $2; exit }' <<<"$sites")
  mkdir "$root"
  # In a mount namespace: if it is killed, its mounts go with it.
  unshare --mount debootstrap --variant=minbase --include=git,make,ca-certificates "$1" "$root" "$mirror" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
  }
  {
    echo "deb $mirror $1 main"
    echo "deb $mirror $1-updates main"
    if [ -n "$security" ]; then echo "deb $security $1-security main"; fi
  } >"$root/etc/apt/sources.list"
  apt-config dump | grep -E '^Acquire::(Check|ForceIP|[Hh]ttp|Retries)' >"$root/etc/apt/apt.conf.d/99outside" || :
  # For a proxy with its own certificate authority.
  for file in /usr/local/share/ca-certificates/*.crt; do
    if [ -e "$file" ]; then cp "$file" "$root/usr/local/share/ca-certificates/"; fi
  done
  chroot "$root" update-ca-certificates >"$work/log" 2>&1
  if [ -e /etc/pip.conf ]; then cp /etc/pip.conf "$root/etc/"; fi
  # For Swift packages in local folders.
  git config --get-regexp '^url\..*\.insteadof$' | while read -r key address; do
    git config --file "$root/etc/gitconfig" --add "$key" "$address"
    folder=${key#url.}
    folder=${folder%.insteadof}
    if [ -d "$folder" ]; then mkdir -p "$root$folder"; fi
  done
  mkdir -p "$root$swift" "$root/.outside"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  git clone --quiet . "$root/root/pidns-exporter"
  [ "$(stat --format=%a "$root/root")" = 700 ]
}

# inside COMMAND…: runs it in the Debian as on a machine: not in a chroot, where runtimes cannot create containers.
inside() {
  # shellcheck disable=SC2016 # For the shell in the namespace.
  unshare --mount --propagation private bash -euc '
    root=$1 swift=$2
    shift 2
    mount --bind "$root" "$root"
    for folder in /proc /sys /dev; do mount --rbind "$folder" "$root$folder"; done
    mount -t tmpfs tmpfs "$root/run"
    mount --bind -o ro "$swift" "$root$swift"
    while read -r folder; do
      if [ -d "$folder" ]; then mount --bind "$folder" "$root$folder"; fi
    done < <(git config --file "$root/etc/gitconfig" --get-regexp "^url\." | sed -n "s/^url\.\(.*\)\.insteadof .*/\1/p" | sort -u)
    cd "$root"
    pivot_root . .outside
    exec chroot . /bin/sh -c "umount -l /.outside && cd /root/pidns-exporter && exec \"\$@\"" sh "$@"
  ' bash "$root" "$swift" \
    env -i HOME=/root LC_ALL=C.UTF-8 "PATH=$swift/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    "${proxies[@]}" "$@"
}
proxies=()
for name in http_proxy https_proxy no_proxy; do
  if [ -n "${!name-}" ]; then proxies+=("$name=${!name}"); fi
done

# exporters: the running exporters that were built in the Debian.
exporters() {
  local pid
  for pid in $(processes); do
    if [ "/proc/$pid/exe" -ef "$root/root/pidns-exporter/.build/release/pidns-exporter" ]; then echo "$pid"; fi
  done
}

# run: runs the two commands of the README, then sends SIGTERM.
run() {
  local port=10059 flags=() make status=0
  if curl --silent --output "$work/metrics" "http://localhost:$port/metrics"; then
    port=19059
    echo "Port 10059 is in use: using port $port"
    flags=("ARGS=--web.listen-address=:$port")
  fi
  inside make run "${flags[@]}" &
  make=$!
  # Until it responds, or make has ended. Another exporter may have taken the port since: then this one ends with an error.
  until [ -n "$(exporters)" ] && inside curl --silent --fail --output /metrics "http://localhost:$port/metrics"; do
    kill -0 "$make" 2>/dev/null || break
    sleep 1
  done
  grep '^pidns_up 1$' "$root/metrics" || status=1
  echo "responded after $SECONDS s"
  exporters | xargs --no-run-if-empty kill -TERM
  wait "$make" || status=$?
  return "$status"
}

for suite in "${suites[@]}"; do
  echo "Creating a bare Debian: $suite"
  make_root "$suite"
  (while :; do unshare --pid --fork true; sleep 0.02; done) &
  neighbour=$!
  for target in "${targets[@]}"; do
    log=$work/$suite-$target.log
    echo "Running make $target in $suite: $log"
    SECONDS=0
    status=0
    if [ "$target" = run ]; then
      run >"$log" 2>&1 </dev/null || status=$?
    else
      inside make "$target" >"$log" 2>&1 </dev/null || status=$?
    fi
    took=$SECONDS
    if [ "$status" != 0 ]; then tail -n 60 "$log"; fi
    report "$suite: make $target, in $took s: $(tail -n 1 "$log" | cut -c1-100)" "$status"
    left=$(processes | tr '\n' ' ')
    for pid in $left; do tr '\0' ' ' <"/proc/$pid/cmdline" || :; echo; done
    report "$suite: no process is left after make $target" "${#left}"
  done
  kill "$neighbour"
  wait "$neighbour" || :
  neighbour=
  [ -n "$keep" ] || rm -rf --one-file-system "$root"
  root=
done

summarise
