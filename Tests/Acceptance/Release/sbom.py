# SPDX-License-Identifier: Apache-2.0
#
# sbom.py SPDX CYCLONEDX PROGRAM REPOSITORY NOTICE
#
# Validates the CycloneDX document, and compares both documents with the program. Each library that the loader finds, and each Swift package
# with a module in the program, must be in both, with a version and a licence.
import hashlib
import json
import os
import pathlib
import subprocess
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

spdx_path, cyclonedx_path, program, repository, notice = map(pathlib.Path, sys.argv[1:])
spdx, cyclonedx = json.loads(spdx_path.read_text()), json.loads(cyclonedx_path.read_text())
wrong = []


def expect(holds, what):
    if not holds:
        wrong.append(what)


expect(cyclonedx["specVersion"] == "1.6", "version of CycloneDX")
error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(cyclonedx_path.read_text())
expect(error is None, f"not valid CycloneDX: {error}")

# Both have the same names, versions and licences.
subject, *packages = spdx["packages"]
in_spdx = sorted((p["name"], p["versionInfo"], p["licenseDeclared"]) for p in packages)
in_cyclonedx = sorted((c["name"], c["version"], c["licenses"][0]["expression"]) for c in cyclonedx["components"])
expect(in_spdx == in_cyclonedx, "the documents differ")
for name, version, licence in in_spdx:
    expect(version and licence and "NOASSERTION" not in licence, f"{name} has no version or no licence")
for component in cyclonedx["components"]:
    if "purl" in component:
        expect(PackageURL.from_string(component["purl"]).name, component["purl"])
digest = hashlib.sha256(program.read_bytes()).hexdigest()
expect(subject["checksums"][0]["checksumValue"] == digest, "SPDX describes another program")
expect(cyclonedx["metadata"]["component"]["hashes"][0]["content"] == digest, "CycloneDX describes another program")
versions = {name: version for name, version, _ in in_spdx}

# The libraries, from the loader and from dpkg, independent of the generator.
listed = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
libraries = [word for line in listed.splitlines() for word in line.split() if word.startswith("/")]
expect(len(libraries) >= 5, f"ldd names few libraries: {libraries}")
# A library in the folder of the program would be loaded instead.
dynamic = subprocess.run(["readelf", "--dynamic", program], check=True, capture_output=True, text=True).stdout
expect("NEEDED" in dynamic and "RUNPATH" not in dynamic and "RPATH" not in dynamic, "the program has its own search path")
for library in libraries:
    found = None
    for path in (os.path.realpath(library), library, os.path.realpath(library).removeprefix("/usr")):
        asked = subprocess.run(["dpkg-query", "--search", path], capture_output=True, text=True)
        if asked.returncode == 0:
            found = asked.stdout.split(":")[0]
            break
    expect(found, f"{library} is in no package")
    if found:
        installed = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${Version}\n", found], check=True, capture_output=True, text=True
        ).stdout.split("\n")[0]
        expect(versions.get(found) == installed, f"{library} is in {found} {installed}; the documents have version {versions.get(found)}")

# Loaded with dlopen(), so ldd does not list them.
expect(any(name.startswith("libcurl3") for name in versions), "libcurl is missing")
expect(any(name.startswith("libpcre2-8") for name in versions), "libpcre2 is missing")
expect(any(name.startswith("libseccomp2") for name in versions), "libseccomp is missing")

# The Swift packages: the program contains the module names of types. Short ones (X509) also occur in C libraries, and the name of a folder
# of C++ (protobuf) is one of our words.
text, notices = program.read_bytes(), notice.read_text()
linked = 0
for pin in json.loads((repository / "Package.resolved").read_text())["pins"]:
    name = pathlib.PurePath(pin["location"]).name.removesuffix(".git")
    sources = repository / ".build/checkouts" / name / "Sources"
    modules = [folder.name for folder in sources.iterdir() if len(folder.name) > 4 and any(folder.rglob("*.swift"))]
    if any(b"\0" + module.encode() + b"\0" in text for module in modules):
        linked += 1
        expect(versions.get(name) == pin["state"].get("version"), f"{name} is linked: the documents have version {versions.get(name)}")
        expect(f"{name} {pin['state'].get('version')}: " in notices, f"{name} is not in NOTICE")
expect(linked >= 2, f"only {linked} Swift packages found in the program")
expect("swift-runtime" in versions and "swift-runtime " in notices, "Swift's runtime is missing")
expect(sum(name.endswith(".bpf.o") for name in versions) == 2, "the program must have two BPF objects")

for line in wrong:
    print(line)
sys.exit(1 if wrong else 0)
