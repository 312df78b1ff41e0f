#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# install-dependencies.sh GROUP…
#
# Installs the Debian packages of the groups (build, test, image, deb, test-packages, check) that are missing. Silent where none is.
set -euo pipefail

wanted=()
for group; do
  case $group in
    build)
      # What the Swift toolchain loads, which a bare archive of it does not bring; what it links with; and
      # the exporter's C libraries.
      wanted+=(libcurl4 libncurses6 libsqlite3-0 libxml2)
      wanted+=(g++)
      wanted+=(libbpf-dev libmicrohttpd-dev libyaml-dev zlib1g-dev pkg-config)
      ;;
    test)
      wanted+=(bpftool curl openssl prometheus util-linux)
      # A terminal whose screen can be read.
      wanted+=(tmux)
      # The container runtimes, and what speaks CRI. Podman would take crun where runc is not named.
      wanted+=(buildah containerd podman runc)
      # A shell for containers.
      wanted+=(busybox-static)
      # What dashboards/queries.py reads rules with.
      wanted+=(python3-yaml)
      wanted+=(python3 python3-grpc-tools python3-grpcio python3-protobuf)
      # A browser, and what drives it.
      wanted+=(chromium chromium-driver)
      # The other parser of what is shown.
      wanted+=(python3-prometheus-client)
      ;;
    image) wanted+=(buildah) ;;
    deb) wanted+=(debhelper dpkg-dev) ;;
    test-packages) wanted+=(curl debootstrap lintian) ;;
    check)
      wanted+=(clang-format prometheus shellcheck)
      # What scripts/check-tools.sh installs the tools from PyPI with.
      wanted+=(python3 python3-venv)
      # systemd-analyze
      wanted+=(systemd)
      ;;
    *)
      echo "install-dependencies.sh: no group '$group'" >&2
      exit 2
      ;;
  esac
done

if ! command -v apt-get >/dev/null; then
  echo "There is no apt-get here. Install what these Debian packages hold: ${wanted[*]}" >&2
  echo 'Then have make take the machine as it is: make INSTALL=true …' >&2
  exit 1
fi

# Those that neither are there nor are provided by another package.
names=$(
  dpkg-query --show --showformat '${db:Status-Status} ${Package} ${Provides}\n' | awk -v wanted="${wanted[*]}" '
    $1 == "installed" { for (i = 2; i <= NF; i++) { sub(/,$/, "", $i); there[$i] = 1 } }
    END {
      count = split(wanted, names)
      for (i = 1; i <= count; i++) if (!there[names[i]]++) printf "%s ", names[i]
    }'
)
read -ra missing <<<"$names"
if [ ${#missing[@]} = 0 ]; then exit 0; fi

sudo=()
if [ "$(id -u)" = 0 ]; then
  echo "Installing by apt, which may take minutes: ${missing[*]}"
elif command -v sudo >/dev/null; then
  echo "Installing by apt, which may take minutes and needs root (sudo may ask for your password): ${missing[*]}"
  sudo=(sudo)
else
  echo "Neither root nor sudo is here to install packages. Have root run: apt-get install ${missing[*]}" >&2
  exit 1
fi

# apt-get without questions, and with errors alone; waits for another one to end.
apt() {
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq --yes --option DPkg::Lock::Timeout=300 "$@" >/dev/null
}

# Debian starts what it installs, at once and at every boot, which no test needs: masked meanwhile, and then
# disabled. What was there before is left as it is.
units=()
if [ -d /run/systemd/system ]; then
  for name in "${missing[@]}"; do
    case $name in
      containerd | prometheus) units+=("$name.service") ;;
      podman) units+=(podman{,-auto-update,-restart}.service podman.socket podman-auto-update.timer) ;;
    esac
  done
fi
if [ ${#units[@]} != 0 ]; then
  "${sudo[@]}" systemctl mask --quiet --runtime "${units[@]}"
  trap '"${sudo[@]}" systemctl unmask --quiet --runtime "${units[@]}"' EXIT
fi

# A fresh machine has no lists of packages, and old ones name versions that are gone.
install=(install --no-install-recommends "${missing[@]}")
apt-get --simulate "${install[@]}" >/dev/null 2>&1 || apt update
apt "${install[@]}" || { apt update && apt "${install[@]}"; }

if [ ${#units[@]} != 0 ]; then
  "${sudo[@]}" systemctl unmask --quiet --runtime "${units[@]}"
  trap - EXIT
  "${sudo[@]}" systemctl disable --quiet "${units[@]}"
fi
