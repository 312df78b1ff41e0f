# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# guests.sh
#
# System containers in the virtual machine: its own Debian with the same services, whose systemd starts them at the boot. Sourced by in-machine.sh.

# The services that a guest runs.
guest_units=(completes fails crash-loop recovers forks children stays phases worker@1)

# make_guest NAME: makes the root of a guest, /guests/NAME, with the machine's /usr.
make_guest() {
  local folder root=/guests/$1 unit
  mkdir -p "$root"/{dev,proc,root,run,sys,tmp,usr,var}
  for folder in bin lib lib64 sbin; do if [ -e "/$folder" ]; then ln -s "usr/$folder" "$root/$folder"; fi; done
  cp --archive /etc "$root/etc"
  mount --bind /usr "$root/usr"
  # Without an id, systemd would enable the services that Debian presets, such as the exporter's.
  tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
  echo "$1" >"$root/etc/hostname"
  rm -f "$root"/etc/systemd/system/multi-user.target.wants/*
  for unit in "${guest_units[@]}"; do
    ln -s "/etc/systemd/system/${unit/@*/@}.service" "$root/etc/systemd/system/multi-user.target.wants/$unit.service"
  done
  echo 'd /run/records' >"$root/etc/tmpfiles.d/records.conf"
  ln -sf /dev/null "$root/etc/systemd/system/console-getty.service"
}

start_lxc() {
  printf '%s\n' "lxc.rootfs.path = dir:/guests/$1" "lxc.uts.name = $1" 'lxc.net.0.type = empty' 'lxc.mount.auto = proc:rw sys:rw cgroup:rw' \
    'lxc.apparmor.profile = unconfined' 'lxc.tty.max = 0' 'lxc.init.cmd = /lib/systemd/systemd' >"/guests/$1.conf"
  lxc-start --name "$1" --rcfile "/guests/$1.conf" --logfile "/guests/$1.log" --logpriority INFO || { tail -n 40 "/guests/$1.log" && return 1; }
}
stop_lxc() { lxc-stop --name "$1" --timeout 60; }

start_nspawn() {
  systemd-run --unit="guest-$1" systemd-nspawn --boot --directory="/guests/$1" --machine="$1" --private-network --link-journal=no --console=pipe
}
stop_nspawn() { machinectl terminate "$1"; }

# guest_pid HOW NAME: the guest's init.
guest_pid() {
  case $1 in
    lxc) lxc-info --name "$2" --pid --no-humanize ;;
    nspawn) machinectl show --property=Leader --value "$2" ;;
  esac
}

# guest_records HOW NAME COUNT FILE: whether the guest's services have written so many records to its file.
guest_records() { [ "$(wc --lines 2>/dev/null <"/proc/$(guest_pid "$1" "$2")/root/run/records/$4")" = "$3" ]; }

# run_guest HOW NAME: starts a guest, and waits until its services have done their work.
run_guest() {
  local record
  make_guest "$2" && "start_$1" "$2" || return 1
  for record in 'completes 1' 'fails 1' 'crash-loop 4' 'recovers 3' 'forks 1' 'children 1' 'stays 1' 'phases 3' 'worker@1 1'; do
    within 240 guest_records "$1" "$2" "${record#* }" "${record% *}" 2>/dev/null || {
      echo "no $record in $2" && ls -l "/proc/$(guest_pid "$1" "$2")/root/run/records" && journalctl --boot --no-pager --lines=30
      cat /proc/*/cgroup | grep "$2" | sort | uniq -c
      return 1
    }
  done
  sleep 2
}

# show_guest HOW NAME: prints its PID namespace and its records.
show_guest() {
  local pid record
  pid=$(guest_pid "$1" "$2")
  emit "guest $2 $(readlink "/proc/$pid/ns/pid" | tr -dc 0-9)"
  for record in "/proc/$pid/root/run/records"/*; do sed "s|^|@@ guest-record $2 ${record##*/} |" "$record"; done
}
