# SPDX-License-Identifier: Apache-2.0
"""The components of a built pidns-exporter and its image, read from the build itself."""

import base64
import dataclasses
import hashlib
import json
import pathlib
import re
import subprocess

# By Debian source package, for packages whose debian/copyright has no single machine-readable licence of the
# library.
DEBIAN_LICENCES = {
    "brotli": "MIT",
    "curl": "curl",
    "cyrus-sasl2": "BSD-4-Clause-UC",
    "e2fsprogs": "MIT",
    "elfutils": "GPL-2.0-or-later OR LGPL-3.0-or-later",
    "gcc-12": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "gcc-14": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "glibc": "LGPL-2.1-or-later",
    "gmp": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "gnutls28": "LGPL-2.1-or-later",
    "jansson": "MIT",
    "keyutils": "LGPL-2.1-or-later",
    "krb5": "MIT",
    "libbpf": "LGPL-2.1-only OR BSD-2-Clause",
    "libffi": "MIT",
    "libidn2": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "libmicrohttpd": "LGPL-2.1-or-later",
    "libpsl": "MIT",
    "libseccomp": "LGPL-2.1-only",
    "libssh2": "BSD-3-Clause",
    "libtasn1-6": "LGPL-2.1-or-later",
    "libunistring": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "libxcrypt": "LGPL-2.1-or-later",
    "libyaml": "MIT",
    "libzstd": "BSD-3-Clause OR GPL-2.0-only",
    "nettle": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "nghttp2": "MIT",
    "nghttp3": "MIT",
    "ngtcp2": "MIT",
    "openldap": "OLDAP-2.8",
    "openssl": "Apache-2.0",
    "p11-kit": "BSD-3-Clause",
    "pcre2": "BSD-3-Clause",
    "rtmpdump": "LGPL-2.1-or-later",
    "zlib": "Zlib",
}


class InventoryError(Exception):
    """A part of the build whose origin or licence is unknown."""


@dataclasses.dataclass(frozen=True)
class Component:
    """A component of the program or its image."""

    # swift-package, swift-runtime, bpf-object or debian-package
    kind: str
    name: str
    version: str
    licence: str
    supplier: str
    purl: str = ""
    location: str = ""
    sha256: str = ""
    # For a Debian package, its libraries in the image. For a Swift package, its linked modules.
    parts: tuple[str, ...] = ()
    # Files on this machine with the licence terms.
    terms: tuple[str, ...] = ()


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def quoted(version: str) -> str:
    """Returns a version in the syntax of package URLs."""
    return re.sub(r"[^A-Za-z0-9.\-_~:]", lambda found: f"%{ord(found[0]):02X}", version)


def compiled(build: pathlib.Path) -> dict[str, tuple[str, ...]]:
    """Returns the sources of each object file, from the build's manifest."""
    sources: dict[str, tuple[str, ...]] = {}
    inputs: tuple[str, ...] = ()
    for line in (build / "release.yaml").read_text().splitlines():
        key, _, value = line.strip().partition(": ")
        if key == "inputs":
            inputs = tuple(json.loads(value))
        elif key == "outputs":
            sources.update((path, inputs) for path in json.loads(value) if path.endswith(".o"))
    return sources


def linked(build: pathlib.Path, product: str) -> list[str]:
    """The object files that the program was linked from."""
    listing = build / "release" / f"{product}.product" / "Objects.LinkFileList"
    return [line.strip("'\"") for line in listing.read_text().splitlines() if line]


def licence_of(folder: pathlib.Path) -> tuple[str, tuple[str, ...]]:
    """A Swift package's licence as an SPDX expression, and the files that hold its terms."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and re.match(r"(LICENSE|NOTICE)\b", path.name))
    text = " ".join(" ".join(path.read_text() for path in files if path.name.startswith("LICENSE")).split())
    if "Apache License Version 2.0" in text:
        licence = "Apache-2.0 WITH Swift-exception" if "Runtime Library Exception" in text else "Apache-2.0"
    elif "Permission is hereby granted, free of charge" in text:
        licence = "MIT"
    else:
        raise InventoryError(f"licence of {folder.name} not recognised: teach scripts/release/inventory.py")
    return licence, tuple(str(path) for path in files)


def swift_packages(root: pathlib.Path, objects: list[str], sources: dict[str, tuple[str, ...]]) -> list[Component]:
    """The packages whose modules were linked, with the versions that the build resolved."""
    modules: dict[str, set[str]] = {}
    for path in objects:
        module = re.search(r"/release/([^/]+)\.build/", path)
        for source in sources[path]:
            if (found := re.search(r"/checkouts/([^/]+)/", source)) and module:
                modules.setdefault(found[1], set()).add(module[1])
    pins = {pin["identity"]: pin for pin in json.loads((root / "Package.resolved").read_text())["pins"]}
    components = []
    for name in sorted(modules):
        pin = pins[name.lower()]
        version = pin["state"].get("version") or pin["state"]["revision"]
        location = pin["location"].removesuffix(".git")
        licence, terms = licence_of(root / ".build/checkouts" / name)
        components.append(
            Component(
                "swift-package", name, version, licence, location.removeprefix("https://").split("/")[1],
                f"pkg:swift/{location.removeprefix('https://')}@{version}",
                f"git+{location}@{pin['state']['revision']}", parts=tuple(sorted(modules[name])), terms=terms,
            )
        )  # fmt: skip
    return components


def swift_runtime() -> Component:
    """The runtime, Foundation and Dispatch, which --static-swift-stdlib links into the program."""
    target = json.loads(run("swiftc", "-print-target-info"))
    found = re.search(r"Swift version (\S+) \((\S+)\)", target["compilerVersion"])
    if not found:
        raise InventoryError(f"version of Swift not recognised: {target['compilerVersion']}")
    terms = pathlib.Path(target["paths"]["runtimeResourcePath"]).parents[1] / "share/swift/LICENSE.txt"
    return Component(
        "swift-runtime", "swift-runtime", found[1], "Apache-2.0 WITH Swift-exception", "swiftlang",
        f"pkg:github/swiftlang/swift@{found[2]}", f"git+https://github.com/swiftlang/swift@{found[2]}", terms=(str(terms),),
    )  # fmt: skip


def bpf_objects(version: str, objects: list[str], sources: dict[str, tuple[str, ...]]) -> list[Component]:
    """The compiled BPF programs in the program, as the plug-in CompileBPF embedded them."""
    embedded = {
        source
        for path in objects
        for source in sources[path]
        if source.endswith("/CompileBPF/EmbeddedObject.swift")
    }
    components = []
    for path in sorted(embedded):
        for name, text in re.findall(r'static let (\w+): StaticString = "([^"]+)"', pathlib.Path(path).read_text()):
            digest = hashlib.sha256(base64.b64decode(text)).hexdigest()
            components.append(
                Component(
                    "bpf-object", f"{name}.bpf.o", version, "BSD-2-Clause OR GPL-2.0-only", "pidns-exporter", sha256=digest,
                )  # fmt: skip
            )
    if not components:
        raise InventoryError("no BPF object in the program")
    return components


def debian_packages(image: pathlib.Path) -> list[Component]:
    """The packages of the libraries in the image."""
    release = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    distribution = "debian-" + release["VERSION_ID"].strip('"')
    libraries: dict[str, set[str]] = {}
    for path in sorted(image.rglob("*")):
        if path.is_file() and ".so" in path.name:
            here = "/" + str(path.relative_to(image))
            libraries.setdefault(owner(here), set()).add(here)
    components = []
    for package, paths in sorted(libraries.items()):
        fields = "${Package}\\t${Version}\\t${Architecture}\\t${source:Package}"
        name, version, architecture, source = run("dpkg-query", "--show", f"--showformat={fields}", package).split("\t")
        if source not in DEBIAN_LICENCES:
            raise InventoryError(f"licence of Debian's source package {source} not known: teach scripts/release/inventory.py")
        components.append(
            Component(
                "debian-package", name, version, DEBIAN_LICENCES[source], "Debian",
                f"pkg:deb/debian/{quoted(name)}@{quoted(version)}?arch={architecture}&distro={distribution}",
                parts=tuple(sorted(paths)), terms=(f"/usr/share/doc/{name}/copyright",),
            )
        )  # fmt: skip
    return components


def owner(path: str) -> str:
    """Returns the Debian package of a library. A merged /usr has two paths for it."""
    for spelling in (str(pathlib.Path(path).resolve()), path):
        for candidate in (spelling, spelling.removeprefix("/usr"), "/usr" + spelling):
            found = subprocess.run(["dpkg-query", "--search", candidate], capture_output=True, text=True)
            if found.returncode == 0:
                return found.stdout.split(": ")[0].split(",")[0]
    raise InventoryError(f"{path} is of no Debian package")


def inventory(root: pathlib.Path, version: str, image: pathlib.Path | None) -> list[Component]:
    """Everything inside the program, and with its image's files also the libraries."""
    build = root / ".build"
    sources, objects = compiled(build), linked(build, "pidns-exporter")
    components = [*swift_packages(root, objects, sources), swift_runtime(), *bpf_objects(version, objects, sources)]
    return components + (debian_packages(image) if image else [])
