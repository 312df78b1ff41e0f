#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh
#
# Makes the release twice: here, and in a clone of another name, in another time zone, with another umask, compiled anew. Both have to be the
# same bytes. Then reads and uses each artefact with the tool that its users have. Says of each step whether it holds. Needs root, and that all
# changes are committed.
set -euo pipefail
cd "$(dirname "$0")/../../.."

repository=$PWD
work=$(mktemp --directory /var/tmp/pidns-release.XXXXXXXX)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# holds WHAT COMMAND…: runs it, and says whether it succeeds; what it said, if it does not.
holds() {
  if "${@:2}" >"$work/said" 2>&1; then
    echo "ok      $1"
    passed=$((passed + 1))
  else
    echo "FAILED  $1"
    tail -n 40 "$work/said"
    failed=$((failed + 1))
  fi
}

# files FOLDER: their names.
files() { find "$1" -mindepth 1 -maxdepth 1 -printf '%f\n' | LC_ALL=C sort; }

# same A B, contains TEXT COMMAND…: what holds() runs.
same() { diff <(printf '%s\n' "$1") <(printf '%s\n' "$2"); }
contains() {
  local text
  text=$("${@:2}")
  printf '%s\n' "$text"
  grep --quiet --fixed-strings -- "$1" <<<"$text"
}

tools=$(scripts/check-tools.sh)
echo 'Making the release'
make --no-print-directory INSTALL=true release >"$work/log" 2>&1 || { tail -n 40 "$work/log"; exit 1; }
clone="$work/a clone elsewhere/source"
clone=${clone// /-}
git clone --quiet "$repository" "$clone"
# The versions of the packages are those of the first release, taken from what it publishes.
version=$(cat VERSION)
case $(uname -m) in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; *) arch=$(uname -m) ;; esac
name=pidns-exporter-$version.linux-$arch
dist=$repository/.build/dist
tar --extract --to-stdout --file "$dist/$name.tar.gz" "$name/Package.resolved" >"$clone/Package.resolved"
echo 'Making it again, elsewhere: compiles everything, which takes minutes'
(umask 077 && cd "$clone" && env TZ=Pacific/Auckland LC_ALL=C.UTF-8 make --no-print-directory INSTALL=true release) >"$work/log" 2>&1 || {
  tail -n 40 "$work/log"
  exit 1
}

# The same bytes.
again=$clone/.build/dist
holds 'the program is the same, wherever it is compiled' cmp .build/release/pidns-exporter "$clone/.build/release/pidns-exporter"
holds 'both releases have the same files' same "$(files "$dist")" "$(files "$again")"
for file in "$dist"/*; do holds "the same bytes: ${file##*/}" cmp "$file" "$again/${file##*/}"; done
holds 'no artefact is missing' same "$(files "$dist" | sed "s/${version//./\\.}\|${version//-/\~}/VERSION/; s/amd64\|arm64\|x86_64\|aarch64/ARCH/" | LC_ALL=C sort)" "$(
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
holds 'the digests are right' sha256sum --check --strict sha256sums.txt
holds 'there is a digest for each file' same "$(awk '{ print $2 }' sha256sums.txt | LC_ALL=C sort)" "$(files . | grep -vx sha256sums.txt)"

# The tarball.
mkdir "$work/tarball"
holds 'the tarball unpacks' tar --extract --directory "$work/tarball" --file "$name.tar.gz"
holds 'it has one folder, of its name' same "$(files "$work/tarball")" "$name"
for file in pidns-exporter LICENSE NOTICE Package.resolved licences/LICENSE.GPL-2.0-only documentation/pidns-exporter.1 prometheus-pidns-exporter.service; do
  holds "it has $file" test -s "$work/tarball/$name/$file"
done
holds 'all is of root, and of nobody else to write to' same "$(tar --list --verbose --numeric-owner --file "$name.tar.gz" | grep -vE '^[-d]rw.r-.r-. 0/0 ')" ''
holds 'the program says its version' contains "$version" "$work/tarball/$name/pidns-exporter" --version
holds 'it names the commit' grep --quiet --binary-files=text "$(git -C "$repository" rev-parse --short=12 HEAD)" "$work/tarball/$name/pidns-exporter"
# shellcheck disable=SC2016 # It is for the shell that runs it.
holds 'it names no folder of the machine that built it' sh -c '! grep --quiet --binary-files=text --fixed-strings "$1/" "$2"' sh "$repository" "$work/tarball/$name/pidns-exporter"

# The Debian package. `make test-packages` installs it.
deb=(*.deb)
holds 'lintian finds nothing in the deb' lintian --allow-root --fail-on=error,warning "${deb[0]}"
holds 'the deb has the notices' contains './usr/share/doc/prometheus-pidns-exporter/NOTICE' dpkg-deb --contents "${deb[0]}"
holds 'the deb has the same program' cmp <(dpkg-deb --fsys-tarfile "${deb[0]}" | tar --extract --to-stdout --file - ./usr/bin/pidns-exporter) "$work/tarball/$name/pidns-exporter"

# The rpm.
rpm=(*.rpm)
database=(rpm --root "$work/root" --dbpath /var/lib/rpm)
holds 'rpmlint finds nothing in the rpm' rpmlint --strict --config "$repository/deploy/rpm/rpmlint.toml" "${rpm[0]}"
holds 'the rpm names what it needs' contains 'libbpf.so.1()(64bit)' rpm --query --package --requires "${rpm[0]}"
holds 'the rpm lists its files' contains /usr/share/licenses/prometheus-pidns-exporter/NOTICE rpm --query --package --list "${rpm[0]}"
mkdir "$work/root"
# Debian has no packages of rpm that could satisfy it, and the empty root no shell for its scripts.
holds 'the rpm installs into an empty root' "${database[@]}" --install --nodeps --noscripts "$dist/${rpm[0]}"
holds 'rpm verifies the files' "${database[@]}" --verify --nodeps --noscripts prometheus-pidns-exporter
holds 'the installed program runs' contains "$version" "$work/root/usr/bin/pidns-exporter" --version
# shellcheck disable=SC2016 # It is for the shell that runs it.
holds 'the manual page is there' sh -c 'gzip --decompress --stdout "$1" | grep --quiet listen-address' sh "$work/root/usr/share/man/man1/pidns-exporter.1.gz"
holds 'the rpm is removed' "${database[@]}" --erase --noscripts prometheus-pidns-exporter
holds 'nothing of it is left' same "$(find "$work/root" -type f -not -path '*/var/lib/rpm/*')" ''

# The image.
oci=$name.oci.tar
holds 'the image has version and commit' contains "$version $(git -C "$repository" rev-parse HEAD)" skopeo inspect --format \
  '{{index .Labels "org.opencontainers.image.version"}} {{index .Labels "org.opencontainers.image.revision"}}' "oci-archive:$oci"
holds 'the image is for this architecture' contains "linux/$arch" skopeo inspect --format '{{.Os}}/{{.Architecture}}' "oci-archive:$oci"
podman=(podman --root "$work/podman" --runroot "$work/podman-run" --storage-driver vfs --cgroup-manager cgroupfs --runtime runc)
holds 'podman loads the image' contains "localhost/pidns-exporter:$version" "${podman[@]}" load --input "$oci"
holds 'podman runs it' contains "$version" "${podman[@]}" run --rm --network none --read-only --cap-drop ALL --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 \
  "localhost/pidns-exporter:$version" --version
"${podman[@]}" rmi --all --force >/dev/null

# The chart.
chart=pidns-exporter-$version.tgz
holds 'helm lints the chart' "$tools/helm" lint --strict "$chart"
holds 'helm renders the chart' contains "pidns-exporter:$version" "$tools/helm" template release "$chart"
"$tools/helm" package "$repository/deploy/helm/pidns-exporter" --destination "$work" >/dev/null
holds 'the chart has the files that helm package packs' same "$(tar --list --file "$chart" | grep -v '/$' | sort)" "$(tar --list --file "$work/$chart" | sort)"

# The plugin for kubectl.
plugin=kubectl-pidns-$version
mkdir "$work/plugin"
tar --extract --directory "$work/plugin" --file "$plugin.tar.gz"
holds 'the plugin has its program and its licence' test -x "$work/plugin/$plugin/kubectl-pidns" -a -s "$work/plugin/$plugin/LICENSE"
holds "krew's manifest has its digest and its address" "$tools/python" -B "$repository/Tests/Acceptance/Release/krew.py" pidns.yaml "$plugin.tar.gz" "$version"
holds 'the plugin asks kubectl for what it has to' "$tools/python" -B "$repository/Tests/Acceptance/Release/kubectl_pidns.py" "$work/plugin/$plugin/kubectl-pidns" "$tools"

# What is inside.
holds 'the SBOM is valid SPDX' "$tools/pyspdxtools" --infile "$name.spdx.json"
holds 'both SBOMs are valid and complete' "$tools/python" -B "$repository/Tests/Acceptance/Release/sbom.py" "$name.spdx.json" "$name.cdx.json" \
  "$work/tarball/$name/pidns-exporter" "$repository" "$work/tarball/$name/NOTICE"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
