#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# install-dependencies.sh GROUP…
#
# Installs the Debian packages of the groups (build, test, test-fleet, image, deb, release, test-packages, test-release, test-apiserver, test-prometheus, check) that are missing. Silent where none is.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=()
for group; do
  case $group in
    build)
      # Libraries that the Swift toolchain loads, which its archive does not contain; libraries that it links with; and
      # the exporter's C libraries.
      wanted+=(libcurl4 libncurses6 libsqlite3-0 libxml2)
      wanted+=(g++)
      wanted+=(libbpf-dev libcurl4-gnutls-dev libmicrohttpd-dev libyaml-dev zlib1g-dev pkg-config)
      # The second command of the README.
      wanted+=(curl)
      ;;
    test)
      wanted+=(bpftool curl openssl prometheus util-linux)
      # ip and ss.
      wanted+=(iproute2)
      # A terminal whose screen can be read.
      wanted+=(tmux)
      # The container runtimes, and what speaks CRI. Podman would take crun where runc is not named.
      wanted+=(buildah containerd podman runc)
      # A shell for containers.
      wanted+=(busybox-static)
      # What dashboards/queries.py reads rules with.
      wanted+=(python3-yaml)
      wanted+=(python3 python3-grpc-tools python3-grpcio python3-protobuf)
      # grpc_tools imports pkg_resources, which its package does not depend on.
      wanted+=(python3-pkg-resources)
      # A browser, and what drives it.
      wanted+=(chromium chromium-driver)
      # The other parsers of what is shown: scripts/check-pages.sh takes further versions from PyPI.
      wanted+=(python3-prometheus-client python3-venv)
      ;;
    # The other engine that scrapes and queries the fleet.
    test-fleet) wanted+=(victoria-metrics) ;;
    image) wanted+=(buildah) ;;
    deb)
      # dpkg-checkbuilddeps requires build-essential for every package.
      wanted+=(build-essential debhelper dpkg-dev python3)
      ;;
    test-packages)
      wanted+=(curl debootstrap lintian)
      # The keys and mirrors of other releases, by which Tests/Acceptance/KernelMatrix/fetch.sh gets kernels and QEMU.
      wanted+=(debian-archive-keyring)
      # mountpoint, umount --recursive
      wanted+=(mount util-linux)
      ;;
    release) wanted+=(build-essential buildah debhelper dpkg-dev python3 rpm) ;;
    # What reads each artefact of a release, and the Python that scripts/check-tools.sh needs.
    test-release) wanted+=(bsdutils curl lintian podman python3 python3-venv rpm rpmlint runc skopeo) ;;
    test-apiserver)
      # What unpacks and builds Debian's source of kube-apiserver, and what runs it: certificates, addresses, manifests.
      wanted+=(dpkg-dev iproute2 openssl python3 python3-yaml util-linux)
      # Containers, and a shell for them.
      wanted+=(busybox-static runc)
      ;;
    test-prometheus)
      # What reads packages of other suites, and their keys; addresses, network namespaces and parent-death signals.
      wanted+=(debian-archive-keyring iproute2 python3 util-linux)
      ;;
    check)
      wanted+=(clang-format jsonnet prometheus shellcheck)
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

# Before anything is installed: what no package of Debian brings.
if [[ " $* " == *' build '* ]]; then scripts/check-toolchain.sh; fi

if ! command -v apt-get >/dev/null; then
  echo "There is no apt-get here. Install what these Debian packages hold: ${wanted[*]}" >&2
  echo 'Then skip this step: make INSTALL=true …' >&2
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
# The toolchain starts only after its libraries are installed.
finish() {
  if [[ " $* " == *' build '* ]]; then scripts/check-toolchain.sh --version; fi
  exit
}
if [ ${#missing[@]} = 0 ]; then finish "$@"; fi

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

# apt-get without questions: changed configuration files stay. Prints its output only if it fails; waits for another one to end.
log=$(mktemp) masked=()
clean_up() {
  rm -f "$log"
  if [ ${#masked[@]} != 0 ]; then "${sudo[@]}" systemctl unmask --quiet --runtime "${masked[@]}"; fi
  masked=()
}
trap clean_up EXIT
apt() {
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get --quiet --yes --option DPkg::Lock::Timeout=300 --option Dpkg::Options::=--force-confdef --option Dpkg::Options::=--force-confold \
    "$@" >"$log" 2>&1 </dev/null || {
    tail -n 20 "$log" >&2
    return 1
  }
}

# Debian starts new services, at once and at every boot, which no test needs: masked during the installation,
# then disabled. Services that existed before are unchanged.
units=()
if [ -d /run/systemd/system ]; then
  for name in "${missing[@]}"; do
    case $name in
      containerd | prometheus | victoria-metrics) units+=("$name.service") ;;
      podman) units+=(podman{,-auto-update,-restart}.service podman.socket podman-auto-update.timer) ;;
    esac
  done
fi
if [ ${#units[@]} != 0 ]; then
  masked=("${units[@]}")
  "${sudo[@]}" systemctl mask --quiet --runtime "${units[@]}"
fi

# A fresh machine has no lists of packages, and old ones name versions that are gone.
install=(install --no-install-recommends "${missing[@]}")
apt-get --simulate "${install[@]}" >/dev/null 2>&1 || apt update
apt "${install[@]}" || { apt update && apt "${install[@]}"; } || {
  echo "apt-get cannot install: ${missing[*]}" >&2
  echo 'The names are those of Debian 12 and 13. On other systems install the same software, and skip this step: make INSTALL=true …' >&2
  exit 1
}

clean_up
if [ ${#units[@]} != 0 ]; then "${sudo[@]}" systemctl disable --quiet "${units[@]}"; fi

finish "$@"
