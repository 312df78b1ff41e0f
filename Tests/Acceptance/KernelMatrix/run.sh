#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [--jobs N] [--refresh] [--cases FILE] [--flags FLAGS] [--cgroups v1] [--programs FOLDER] [KERNEL…]
#
# Boots Debian's kernels in QEMU, runs the exporter and the workload in each, and prints the results by
# kernel and case. Exits with 1 if a count is wrong.
#
#   KERNEL        5.10, 6.1, 6.12, newest; 6.1-rt, 6.12-rt; 6.12-no-pids, 6.12-255-cpus, 6.12-lockdown; 5.10-arm64,
#                 6.1-arm64, newest-arm64; default: all of them
#   --jobs N      number of parallel machines; default: one per two CPUs
#   --refresh     fetches everything again
#   --cases FILE  runs these cases; default: the file `cases` in this folder
#   --flags FLAGS  further flags of the exporter, such as --cgroups.split=all
#   --cgroups v1  the controller pids is in cgroup v1 for all cases; default: in v2
#   --programs FOLDER  the folder of the built programs; default: .build/release
#
# See README.md in this folder.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
root=$(realpath "$here/../../..")
cache=$root/.build/kernels
programs=$root/.build/release
idle_limit=600 # a machine without console output for so many seconds is killed, because it hangs

fail() {
  echo "run.sh: $1" >&2
  exit 2
}

# add_exporter FOLDER: adds the built programs, and their libraries by ldd (names with a slash, which the vDSO does not
# have) and by name.
add_exporter() {
  local library
  cp "$programs/pidns-exporter" "$programs/pidns-workload" "$1/bin/"
  { ldd "$programs/pidns-exporter" | grep -o '/[^ ]*'; echo /usr/lib/x86_64-linux-gnu/libseccomp.so.2; } | while read -r library; do
    mkdir -p "$1$(dirname "$library")"
    cp -L "$library" "$1$library"
  done
}

# build_initramfs ARCHITECTURE
build_initramfs() {
  local folder=$work/$1
  mkdir -p "$folder/bin"
  cp "$cache/busybox-$1/bin/busybox" "$folder/bin/"
  install -m 755 "$here/init.sh" "$folder/init"
  cp "$cases" "$folder/cases"
  echo "$flags" >"$folder/flags"
  case $1 in
    amd64) add_exporter "$folder" ;;
    arm64) cp -r "$cache"/exporter-arm64/. "$folder/" ;;
  esac
  (cd "$folder" && find . | "$cache/busybox-amd64/bin/busybox" cpio -o -H newc -R 0:0) \
    >"$work/$1.cpio" 2>"$work/cpio.log" || fail "no initramfs: $(cat "$work/cpio.log")"
}

# kill_when_silent PID LOG: kills a machine that hangs, but not a slow one.
kill_when_silent() {
  while sleep 5 && kill -0 "$1" 2>/dev/null; do
    if [ $(($(date +%s) - $(stat --format=%Y "$2"))) -ge "$idle_limit" ]; then
      echo "run.sh: nothing on the console for $idle_limit s: $2" >&2
      kill "$1"
    fi
  done
}

# image_of KERNEL: what to fetch for it. Some kernels differ in their parameters or machine only.
image_of() {
  case $1 in
    6.12-rt-*) echo "$1" ;;
    6.12-*) echo 6.12-amd64 ;;
    *) echo "$1" ;;
  esac
}

# boot KERNEL: runs its machine, with the console in logs/KERNEL.log.
boot() {
  local kernel=$1 architecture=${1##*-} log=$cache/logs/$1.log machine console qemu cpus=2 parameters=$cgroups
  case $kernel in
    *-no-pids-*) parameters+=' cgroup_disable=pids' ;;
    # All but two stay offline.
    *-255-cpus-*) cpus=255 parameters+=' maxcpus=2' ;;
    *-lockdown-*) parameters+=' lockdown=confidentiality' ;;
  esac
  case $architecture in
    amd64)
      machine=(qemu-system-x86_64 -accel 'tcg,thread=multi' -cpu max)
      console=ttyS0
      ;;
    arm64)
      machine=(qemu-system-aarch64 -accel 'tcg,thread=multi' -M 'virt,gic-version=3' -cpu cortex-a57)
      console=ttyAMA0
      ;;
  esac
  SECONDS=0
  LD_LIBRARY_PATH=$cache/qemu/usr/lib/x86_64-linux-gnu:$cache/qemu/lib/x86_64-linux-gnu \
    "$cache/qemu/usr/bin/${machine[0]}" "${machine[@]:1}" \
    -L "$cache/qemu/usr/share/qemu" -L "$cache/qemu/usr/share/seabios" \
    -smp "$cpus" -m 1536 -display none -nodefaults -no-reboot -monitor none -serial "file:$log" \
    -kernel "$cache/$(image_of "$kernel")/vmlinuz" -initrd "$work/$architecture.cpio" \
    -append "console=$console quiet loglevel=1 panic=-1 $parameters" </dev/null >"$log.qemu" 2>&1 &
  qemu=$!
  trap 'kill "$qemu"' TERM
  kill_when_silent "$qemu" "$log" &
  wait "$qemu" || echo "run.sh: $kernel: QEMU ended with $?: $(tail -n 1 "$log.qemu")" >&2
  echo "@@ fact seconds $SECONDS" >>"$log"
  echo "$kernel took $SECONDS s"
}

# In a function, so that bash reads all of it first: the script may change during a run.
main() {
  local jobs=$(($(nproc) / 2)) kernels=() architectures wanted columns=() architecture kernel status=0
  cases=$here/cases flags='' cgroups=
  while [ $# != 0 ]; do
    case $1 in
      --help | -h)
        sed -n '/^# run.sh/,/^set/{s/^# \{0,1\}//;/^set/d;p}' "$0"
        return
        ;;
      --jobs) jobs=${2-} && shift ;;
      --cases) cases=${2-} && shift ;;
      --flags) flags=${2-} && shift ;;
      --cgroups)
        [ "${2-}" = v1 ] || fail "--cgroups needs v1, not '${2-}'"
        cgroups=pidns.cgroups=v1 && shift
        ;;
      --programs) programs=${2-} && shift ;;
      --refresh) rm -rf "$cache" ;;
      5.10 | 6.1 | 6.12 | newest | 6.1-rt | 6.12-rt | 6.12-no-pids | 6.12-255-cpus | 6.12-lockdown) kernels+=("$1-amd64") ;;
      5.10-amd64 | 6.1-amd64 | 6.12-amd64 | newest-amd64) kernels+=("$1") ;;
      5.10-arm64 | 6.1-arm64 | newest-arm64) kernels+=("$1") ;;
      *) fail "no kernel or option '$1'; see --help" ;;
    esac
    shift || break
  done
  [[ $jobs =~ ^[0-9]+$ ]] || fail "--jobs needs a number, not '$jobs'"
  [ -f "$cases" ] || fail "--cases needs a file, not '$cases'"
  [ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || fail 'this needs a Debian of amd64'
  [ -x "$programs/pidns-console-check" ] || fail 'the programs are not built: run make test-kernels'
  if [ ${#kernels[@]} = 0 ]; then
    kernels=({5.10,6.1,6.12,newest,6.1-rt,6.12-rt,6.12-no-pids,6.12-255-cpus,6.12-lockdown}-amd64 {5.10,6.1,newest}-arm64)
  fi

  mapfile -t architectures < <(printf '%s\n' "${kernels[@]##*-}" | sort -u)
  wanted=(qemu busybox-amd64 "${architectures[@]/#/busybox-}")
  for kernel in "${kernels[@]}"; do wanted+=("$(image_of "$kernel")"); done
  if [[ " ${architectures[*]} " = *' arm64 '* ]]; then wanted+=(swift libraries-arm64); fi
  mkdir -p "$cache/logs"
  "$here/fetch.sh" "$cache" "${wanted[@]}"
  if [[ " ${architectures[*]} " = *' arm64 '* ]]; then
    echo 'Building the exporter for arm64: five minutes, if nothing is built yet'
    "$here/arm64.sh" "$cache" >"$cache/logs/build-arm64.log" 2>&1 || fail "the exporter does not build for arm64: $cache/logs/build-arm64.log"
  fi

  work=$(mktemp -d)
  # After a complete run there is no machine to kill; the exit status must stay that of the run.
  trap 'rm -rf "$work"; kill $(jobs -p) 2>/dev/null || :' EXIT
  for architecture in "${architectures[@]}"; do build_initramfs "$architecture"; done

  for kernel in "${kernels[@]}"; do
    # Not the log of an earlier run.
    : >"$cache/logs/$kernel.log"
    # The log shows whether a machine reached the end; its exit status does not matter.
    while [ "$(jobs -rp | wc -l)" -ge "$((jobs > 0 ? jobs : 1))" ]; do wait -n; done
    boot "$kernel" &
  done
  wait

  for kernel in "${kernels[@]}"; do columns+=("${kernel%-amd64}=$cache/logs/$kernel.log"); done
  echo
  "$programs/pidns-console-check" "$here/not-counted" "${columns[@]}" || status=$?
  if [ "$status" != 0 ]; then echo "The machines' consoles: $cache/logs"; fi
  return "$status"
}

main "$@"
exit
