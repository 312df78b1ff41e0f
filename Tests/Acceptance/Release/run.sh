#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh
#
# Builds the release twice: here, and in a clone with another name, time zone and umask, from scratch. Both must have the
# same bytes. Then uses each artefact with its users' tools. Prints the result of each check. Needs root, and that all
# changes are committed.
set -euo pipefail
cd "$(dirname "$0")/../../.."

repository=$PWD
work=$(mktemp --directory /var/tmp/pidns-release.XXXXXXXX)
trap 'rm -rf "$work"' EXIT
# shellcheck source=Tests/Support/Checks/checks.sh
. Tests/Support/Checks/checks.sh

# files FOLDER: their names.
files() { find "$1" -mindepth 1 -maxdepth 1 -printf '%f\n' | LC_ALL=C sort; }

# same A B, contains TEXT COMMAND…: commands for check.
same() { diff <(printf '%s\n' "$1") <(printf '%s\n' "$2"); }
contains() {
  local text
  text=$("${@:2}")
  printf '%s\n' "$text"
  grep --quiet --fixed-strings -- "$1" <<<"$text"
}

tools=$(scripts/check-tools.sh)
echo 'Building the release'
make --no-print-directory INSTALL=true release >"$work/log" 2>&1 || { tail -n 40 "$work/log"; exit 1; }
clone="$work/a clone elsewhere/source"
clone=${clone// /-}
git clone --quiet "$repository" "$clone"
# With the published package versions of the first release.
version=$(cat VERSION)
case $(uname -m) in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; *) arch=$(uname -m) ;; esac
name=pidns-exporter-$version.linux-$arch
dist=$repository/.build/dist
tar --extract --to-stdout --file "$dist/$name.tar.gz" "$name/Package.resolved" >"$clone/Package.resolved"
echo 'Building it again in a clone: compiles everything, which takes minutes'
(umask 077 && cd "$clone" && env TZ=Pacific/Auckland LC_ALL=C.UTF-8 make --no-print-directory INSTALL=true release) >"$work/log" 2>&1 || {
  tail -n 40 "$work/log"
  exit 1
}

# The same bytes.
again=$clone/.build/dist
check 'the program is identical in both folders' cmp .build/release/pidns-exporter "$clone/.build/release/pidns-exporter"
check 'both releases have the same files' same "$(files "$dist")" "$(files "$again")"
for file in "$dist"/*; do check "identical: ${file##*/}" cmp "$file" "$again/${file##*/}"; done
check 'no artefact is missing' same "$(files "$dist" | sed "s/${version//./\\.}\|${version//-/\~}/VERSION/; s/amd64\|arm64\|x86_64\|aarch64/ARCH/" | LC_ALL=C sort)" "$(
  LC_ALL=C sort <<'FILES'
kubectl-pidns-VERSION.tar.gz
pidns.yaml
pidns-exporter-VERSION.linux-ARCH.cdx.json
pidns-exporter-VERSION.linux-ARCH.oci.tar
pidns-exporter-VERSION.linux-ARCH.spdx.json
pidns-exporter-VERSION.linux-ARCH.tar.gz
pidns-exporter-VERSION.tgz
prometheus-pidns-exporter_VERSION_ARCH.deb
prometheus-pidns-exporter-VERSION-1.ARCH.rpm
sha256sums.txt
FILES
)"
rm -rf "${clone%/*}"

cd "$dist"
check 'the digests are right' sha256sum --check --strict sha256sums.txt
check 'there is a digest for each file' same "$(awk '{ print $2 }' sha256sums.txt | LC_ALL=C sort)" "$(files . | grep -vx sha256sums.txt)"

# The tarball.
mkdir "$work/tarball"
check 'the tarball unpacks' tar --extract --directory "$work/tarball" --file "$name.tar.gz"
check 'the tarball has one folder, of its name' same "$(files "$work/tarball")" "$name"
for file in pidns-exporter LICENSE NOTICE Package.resolved licences/LICENSE.GPL-2.0-only documentation/pidns-exporter.1 prometheus-pidns-exporter.service pinning.conf; do
  check "the tarball has $file" test -s "$work/tarball/$name/$file"
done
check 'all files belong to root, and only root can write to them' same "$(tar --list --verbose --numeric-owner --file "$name.tar.gz" | grep -vE '^[-d]rw.r-.r-. 0/0 ')" ''
check '--version prints the version' contains "$version" "$work/tarball/$name/pidns-exporter" --version
check 'the program contains the commit' grep --quiet --binary-files=text "$(git -C "$repository" rev-parse --short=12 HEAD)" "$work/tarball/$name/pidns-exporter"
# shellcheck disable=SC2016 # For the inner shell.
check 'the program contains no path of the build machine' sh -c '! grep --quiet --binary-files=text --fixed-strings "$1/" "$2"' sh "$repository" "$work/tarball/$name/pidns-exporter"

# The Debian package. `make test-packages` installs it.
deb=(*.deb)
check 'lintian reports nothing for the deb' lintian --allow-root --fail-on=error,warning "${deb[0]}"
check 'the deb has NOTICE' contains './usr/share/doc/prometheus-pidns-exporter/NOTICE' dpkg-deb --contents "${deb[0]}"
check 'the deb has the same program' cmp <(dpkg-deb --fsys-tarfile "${deb[0]}" | tar --extract --to-stdout --file - ./usr/bin/pidns-exporter) "$work/tarball/$name/pidns-exporter"

# The rpm.
rpm=(*.rpm)
database=(rpm --root "$work/root" --dbpath /var/lib/rpm)
check 'rpmlint reports nothing for the rpm' rpmlint --strict --config "$repository/deploy/rpm/rpmlint.toml" "${rpm[0]}"
check 'the rpm lists its dependencies' contains 'libbpf.so.1()(64bit)' rpm --query --package --requires "${rpm[0]}"
check 'the rpm lists its files' contains /usr/share/licenses/prometheus-pidns-exporter/NOTICE rpm --query --package --list "${rpm[0]}"
mkdir "$work/root"
# Debian has no rpm packages for the dependencies, and the empty root no shell for scripts.
check 'the rpm installs into an empty root' "${database[@]}" --install --nodeps --noscripts "$dist/${rpm[0]}"
check 'rpm verifies the files' "${database[@]}" --verify --nodeps --noscripts prometheus-pidns-exporter
check 'the installed program runs' contains "$version" "$work/root/usr/bin/pidns-exporter" --version
# shellcheck disable=SC2016 # For the inner shell.
check 'the manual page is installed' sh -c 'gzip --decompress --stdout "$1" | grep --quiet listen-address' sh "$work/root/usr/share/man/man1/pidns-exporter.1.gz"
check 'the rpm is removed' "${database[@]}" --erase --noscripts prometheus-pidns-exporter
check 'no file is left' same "$(find "$work/root" -type f -not -path '*/var/lib/rpm/*')" ''

# The image.
oci=$name.oci.tar
check 'the image has version and commit' contains "$version $(git -C "$repository" rev-parse HEAD)" skopeo inspect --format \
  '{{index .Labels "org.opencontainers.image.version"}} {{index .Labels "org.opencontainers.image.revision"}}' "oci-archive:$oci"
check 'the image is for this architecture' contains "linux/$arch" skopeo inspect --format '{{.Os}}/{{.Architecture}}' "oci-archive:$oci"
podman=(podman --root "$work/podman" --runroot "$work/podman-run" --storage-driver vfs --cgroup-manager cgroupfs --runtime runc)
check 'podman loads the image' contains "localhost/pidns-exporter:$version" "${podman[@]}" load --input "$oci"
check 'podman runs the image' contains "$version" "${podman[@]}" run --rm --network none --read-only --cap-drop ALL --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 \
  "localhost/pidns-exporter:$version" --version
"${podman[@]}" rmi --all --force >/dev/null

# The chart.
chart=pidns-exporter-$version.tgz
check 'helm lints the chart' "$tools/helm" lint --strict "$chart"
check 'helm renders the chart' contains "pidns-exporter:$version" "$tools/helm" template release "$chart"
"$tools/helm" package "$repository/deploy/helm/pidns-exporter" --destination "$work" >/dev/null
check 'the chart has the files that helm package packs' same "$(tar --list --file "$chart" | grep -v '/$' | sort)" "$(tar --list --file "$work/$chart" | sort)"

# The plugin for kubectl.
plugin=kubectl-pidns-$version
mkdir "$work/plugin"
tar --extract --directory "$work/plugin" --file "$plugin.tar.gz"
check 'the plugin has its program and its licence' test -x "$work/plugin/$plugin/kubectl-pidns" -a -s "$work/plugin/$plugin/LICENSE"
check "the krew manifest has its digest and address" "$tools/python" -B "$repository/Tests/Acceptance/Release/krew.py" pidns.yaml "$plugin.tar.gz" "$version"
check 'the plugin makes the right kubectl requests' "$tools/python" -B "$repository/Tests/Acceptance/Release/kubectl_pidns.py" "$work/plugin/$plugin/kubectl-pidns" "$tools"

# The SBOM.
check 'the SBOM is valid SPDX' "$tools/pyspdxtools" --infile "$name.spdx.json"
check 'both SBOMs are valid and complete' "$tools/python" -B "$repository/Tests/Acceptance/Release/sbom.py" "$name.spdx.json" "$name.cdx.json" \
  "$work/tarball/$name/pidns-exporter" "$repository" "$work/tarball/$name/NOTICE"

summarise
