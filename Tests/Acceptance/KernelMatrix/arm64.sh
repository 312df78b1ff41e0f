#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# arm64.sh CACHE
#
# Builds the exporter and the workload for arm64 as CACHE/exporter-arm64/bin, with the libraries that they need.
#
# Swift's toolchain for amd64 has no library for arm64. So this takes the compiler of Debian's package swiftlang for amd64,
# in a root folder of unpacked packages, and the libraries of the same package for arm64. fetch.sh has fetched both as CACHE/swift
# and CACHE/libraries-arm64. The build is not optimized: swiftlang 6.2.3 fails an assertion of its own otherwise.
set -euo pipefail

repository=$(realpath "$(dirname "$0")/../../..")
cache=$(realpath "$1")
root=$cache/swift sysroot=$cache/libraries-arm64 result=$cache/exporter-arm64
toolchain=$(dirname "$(dirname "$(dirname "$(realpath "$(command -v swift)")")")")
scratch=$cache/build-arm64
# Folders in the root.
sdk=/sdk/arm64.artifactbundle/arm64

# write_sdk: describes the sysroot as an SDK of SwiftPM.
write_sdk() {
  local swift=sysroot/usr/libexec/swift/lib
  mkdir -p "$root$sdk/sysroot"
  cat >"$root/sdk/arm64.artifactbundle/info.json" <<'END'
{"schemaVersion": "1.0", "artifacts": {"arm64": {"type": "swiftSDK", "version": "1", "variants": [{"path": "arm64"}]}}}
END
  cat >"$root$sdk/swift-sdk.json" <<END
{"schemaVersion": "4.0", "targetTriples": {"aarch64-unknown-linux-gnu": {
  "sdkRootPath": "sysroot", "toolsetPaths": ["toolset.json"],
  "swiftResourcesPath": "$swift/swift", "swiftStaticResourcesPath": "$swift/swift_static"}}}
END
  cat >"$root$sdk/toolset.json" <<'END'
{"schemaVersion": "1.0", "rootPath": "/usr/libexec/swift/bin", "swiftCompiler": {"extraCLIOptions": ["-use-ld=lld"]}}
END
  # The driver looks for the start file there.
  ln -sfn ../libexec/swift/lib/swift_static "$sysroot/usr/lib/swift_static"
}

# write_clang: Debian's clang of Swift has no target bpf; that of Swift's toolchain has.
write_clang() {
  local bin=$root/usr/libexec/swift/bin own
  own=$(basename "$bin"/clang-[0-9]*)
  rm -f "$bin/clang"
  cat >"$bin/clang" <<END
#!/bin/sh
case " \$* " in
  *' -target bpf '*) exec /opt/toolchain/usr/bin/clang "\$@" ;;
esac
exec /usr/libexec/swift/bin/$own "\$@"
END
  chmod 755 "$bin/clang"
  ln -sfn /opt/toolchain/usr/bin/llvm-objcopy "$bin/llvm-objcopy"
}

# in_root COMMAND: runs it in the root folder, with the repository as /repository. Needs no root.
in_root() {
  mkdir -p "$root"/{proc,dev,tmp,repository,scratch,opt/toolchain}
  # shellcheck disable=SC2016 # expanded inside
  unshare --map-root-user --mount --pid --fork sh -euc '
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    mount --rbind "$2" "$1/repository"
    mount --bind "$3" "$1/scratch"
    mount --rbind "$4" "$1/opt/toolchain"
    mount --bind "$5" "$1$6/sysroot"
    exec chroot "$1" sh -euc "cd /repository; HOME=/tmp PATH=/usr/libexec/swift/bin:/usr/bin; export HOME PATH; $7"
  ' sh "$root" "$repository" "$scratch" "$toolchain" "$sysroot" "$sdk" "$1"
}

# add_libraries FILE: copies the libraries that a program for arm64 needs, and those that they need.
add_libraries() {
  local name file
  for name in $(readelf --dynamic "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
    if [ -e "$result/lib/aarch64-linux-gnu/$name" ]; then continue; fi
    file=$(realpath "$sysroot/usr/lib/aarch64-linux-gnu/$name")
    cp "$file" "$result/lib/aarch64-linux-gnu/$name"
    add_libraries "$file"
  done
}

# The packages that the build for this machine has fetched.
mkdir -p "$scratch"
for part in checkouts repositories workspace-state.json; do
  rm -rf "${scratch:?}/$part"
  cp -r --preserve=timestamps "$repository/.build/$part" "$scratch/"
done
write_sdk
write_clang
in_root "swift build --scratch-path /scratch --swift-sdks-path /sdk --swift-sdk arm64 --static-swift-stdlib \
  -Xswiftc -Xfrontend -Xswiftc -sil-verify-none --disable-automatic-resolution --skip-update \
  --pkg-config-path $sdk/sysroot/usr/lib/aarch64-linux-gnu/pkgconfig --product pidns-exporter"

rm -rf "$result"
mkdir -p "$result"/{bin,lib/aarch64-linux-gnu}
"$toolchain/usr/bin/llvm-objcopy" --strip-all "$scratch/aarch64-unknown-linux-gnu/debug/pidns-exporter" "$result/bin/pidns-exporter"
add_libraries "$result/bin/pidns-exporter"
# Loaded by name.
cp "$sysroot/usr/lib/aarch64-linux-gnu/libseccomp.so.2" "$result/lib/aarch64-linux-gnu/"
cp "$result"/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1 "$result/lib/"
"$toolchain/usr/bin/clang" --target=aarch64-linux-gnu "--sysroot=$sysroot" -fuse-ld=lld -static -std=gnu11 -O2 -Wall -Wextra -Werror \
  -o "$result/bin/pidns-workload" "$repository"/Tests/Support/Workload/*.c
