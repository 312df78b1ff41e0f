#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# install-dependencies.sh GROUP…
#
# Installs missing Debian packages of the groups: build, test, test-fleet, image, deb, release, test-packages,
# test-release, test-apiserver, test-prometheus, test-attack, test-faults, bench, check. Prints nothing if none is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=()
# For Tests/Acceptance/Faults: a file system that can hang, another program with BPF, a compiler for the clock, certificates, namespaces.
faults() { wanted+=(bindfs bpftrace gcc iproute2 openssl python3 util-linux); }

for group; do
  case $group in
    build)
      # Libraries that the Swift toolchain loads but does not contain, libraries that it links with, and the
      # exporter's C libraries.
      wanted+=(libcurl4 libncurses6 libsqlite3-0 libxml2)
      wanted+=(g++)
      wanted+=(libbpf-dev libcurl4-gnutls-dev libjansson-dev libmicrohttpd-dev libpcre2-dev libseccomp-dev libyaml-dev zlib1g-dev)
      wanted+=(pkg-config)
      # For the second command of the README.
      wanted+=(curl)
      ;;
    test)
      wanted+=(bpftool curl openssl prometheus util-linux)
      # For ip and ss.
      wanted+=(iproute2)
      # For a terminal whose screen tests can read.
      wanted+=(tmux)
      # The container runtimes and a CRI client. Without runc, podman would install crun.
      wanted+=(buildah containerd docker.io podman runc)
      # Since Debian 13 the client of Docker is a package of its own.
      # shellcheck disable=SC1091
      if [ "$(. /etc/os-release && echo "${VERSION_ID-}")" != 12 ]; then wanted+=(docker-cli); fi
      # A shell for test containers.
      wanted+=(busybox-static)
      # For dashboards/queries.py, which parses rules.
      wanted+=(python3-yaml)
      wanted+=(python3 python3-grpc-tools python3-grpcio python3-protobuf)
      # grpc_tools imports pkg_resources without declaring the dependency.
      wanted+=(python3-pkg-resources)
      # A browser and its driver.
      wanted+=(chromium chromium-driver)
      # Other parsers of the metrics page. scripts/check-pages.sh installs further versions from PyPI.
      wanted+=(python3-prometheus-client python3-venv)
      faults
      ;;
    # A second engine that scrapes and queries the fleet.
    test-fleet) wanted+=(victoria-metrics) ;;
    image) wanted+=(buildah) ;;
    deb)
      # dpkg-checkbuilddeps requires build-essential for every package.
      wanted+=(build-essential debhelper dpkg-dev python3)
      ;;
    test-packages)
      wanted+=(curl debootstrap lintian)
      # Keys of other releases, with which Tests/Acceptance/KernelMatrix/fetch.sh verifies kernels and QEMU.
      wanted+=(debian-archive-keyring)
      # For mountpoint and umount --recursive.
      wanted+=(mount util-linux)
      ;;
    release) wanted+=(build-essential buildah debhelper dpkg-dev python3 rpm) ;;
    # Readers for each release artefact, and the Python that scripts/check-tools.sh needs.
    test-release) wanted+=(bsdutils curl lintian podman python3 python3-venv rpm rpmlint runc skopeo) ;;
    test-apiserver)
      # To unpack, build and run Debian's source of kube-apiserver: certificates, addresses, manifests.
      wanted+=(dpkg-dev iproute2 openssl python3 python3-yaml util-linux)
      # Containers and a shell for them.
      wanted+=(busybox-static runc)
      ;;
    test-prometheus)
      # For packages of other suites and their keys, certificates, addresses, network namespaces, and parent-death signals.
      wanted+=(debian-archive-keyring iproute2 openssl python3 util-linux)
      ;;
    # For network namespaces, parent-death signals and limits, certificates, a second attacker, and a scanner of TLS.
    test-attack) wanted+=(iproute2 openssl python3 slowhttptest testssl.sh util-linux) ;;
    test-faults) faults ;;
    bench)
      # Servers to compare with, libraries of two more, a client, and certificates.
      wanted+=(nginx-light prometheus-node-exporter prometheus-process-exporter)
      wanted+=(golang-go golang-github-prometheus-client-golang-dev golang-github-victoriametrics-metrics-dev)
      wanted+=(curl openssl util-linux wrk)
      ;;
    check)
      wanted+=(clang-format jsonnet prometheus shellcheck)
      # For scripts/check-tools.sh, which installs tools from PyPI.
      wanted+=(python3 python3-venv)
      # For systemd-analyze.
      wanted+=(systemd)
      ;;
    *)
      echo "install-dependencies.sh: no group '$group'" >&2
      exit 2
      ;;
  esac
done

# Checks first for dependencies that no Debian package provides.
if [[ " $* " == *' build '* ]]; then scripts/check-toolchain.sh; fi

if ! command -v apt-get >/dev/null; then
  echo "There is no apt-get here. Install what these Debian packages hold: ${wanted[*]}" >&2
  echo 'Then skip this step: make INSTALL=true …' >&2
  exit 1
fi

# The packages that are neither installed nor provided by another package.
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
  echo "Installing with apt, which may take minutes: ${missing[*]}"
elif command -v sudo >/dev/null; then
  echo "Installing with apt, which may take minutes and needs root (sudo may ask for your password): ${missing[*]}"
  sudo=(sudo)
else
  echo "Neither root nor sudo is here to install packages. Have root run: apt-get install ${missing[*]}" >&2
  exit 1
fi

# Runs apt-get without prompts and keeps changed configuration files. Prints its output only on failure. Waits
# for another apt-get to finish.
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

# Debian starts new services at once and at every boot. No test needs that, so they are masked during the
# installation and then disabled. Existing services are unchanged.
units=()
if [ -d /run/systemd/system ]; then
  for name in "${missing[@]}"; do
    case $name in
      containerd | prometheus | prometheus-*-exporter | victoria-metrics) units+=("$name.service") ;;
      nginx-light) units+=(nginx.service) ;;
      docker.io) units+=(docker.service docker.socket) ;;
      podman) units+=(podman{,-auto-update,-restart}.service podman.socket podman-auto-update.timer) ;;
    esac
  done
fi
if [ ${#units[@]} != 0 ]; then
  masked=("${units[@]}")
  "${sudo[@]}" systemctl mask --quiet --runtime "${units[@]}"
fi

# A fresh machine has no package lists, and old lists name removed versions.
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
