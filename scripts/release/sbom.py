#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sbom.py FOLDER-OF-THE-IMAGE PROGRAM ARCH SPDX.json CYCLONEDX.json

Writes the components of the program and its image as SPDX 2.3 and as CycloneDX 1.6. Both depend on the build alone: their time is
SOURCE_DATE_EPOCH, their identifiers are made of the program's digest.
"""

import datetime
import hashlib
import json
import os
import pathlib
import re
import sys
import uuid

from inventory import Component, inventory

HOME = "https://github.com/pidns-exporter/pidns-exporter"
LICENCE = "Apache-2.0 AND (BSD-2-Clause OR GPL-2.0-only)"
DESCRIPTIONS = {
    "swift-package": "linked into the program",
    "swift-runtime": "Swift's runtime, Foundation and Dispatch, linked into the program",
    "bpf-object": "loaded into the kernel by the program, which contains it",
    "debian-package": "loaded by the program at run time; in the image, not in the tarball, the deb or the rpm",
}


def spdx(subject: dict[str, str], components: list[Component]) -> dict:
    """The SPDX document."""

    def identifier(component: Component) -> str:
        return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", f"{component.kind}-{component.name}")

    def package(component: Component) -> dict:
        entry = {
            "SPDXID": identifier(component),
            "name": component.name,
            "versionInfo": component.version,
            "supplier": f"Organization: {component.supplier}",
            "downloadLocation": component.location or "NOASSERTION",
            "filesAnalyzed": False,
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": component.licence,
            "copyrightText": "NOASSERTION",
            "primaryPackagePurpose": "FILE" if component.kind == "bpf-object" else "LIBRARY",
            "comment": DESCRIPTIONS[component.kind] + (": " + ", ".join(component.parts) if component.parts else ""),
        }
        if component.sha256:
            entry["checksums"] = [{"algorithm": "SHA256", "checksumValue": component.sha256}]
        if component.purl:
            entry["externalRefs"] = [
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": component.purl}
            ]
        return entry

    program = {
        "SPDXID": "SPDXRef-program",
        "name": "pidns-exporter",
        "versionInfo": subject["version"],
        "supplier": "Organization: pidns-exporter",
        "downloadLocation": f"git+{HOME}@{subject['revision']}",
        "filesAnalyzed": False,
        "checksums": [{"algorithm": "SHA256", "checksumValue": subject["sha256"]}],
        "licenseConcluded": LICENCE,
        "licenseDeclared": LICENCE,
        "copyrightText": "Copyright 2026 The pidns-exporter authors",
        "primaryPackagePurpose": "APPLICATION",
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": subject["purl"]}
        ],
    }
    relations = {"swift-package": "STATIC_LINK", "swift-runtime": "STATIC_LINK", "bpf-object": "CONTAINS", "debian-package": "DYNAMIC_LINK"}
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": subject["name"],
        "documentNamespace": f"{HOME}/spdx/{subject['name']}-{subject['sha256']}",
        "creationInfo": {"created": subject["time"], "creators": ["Tool: pidns-exporter-sbom", "Organization: pidns-exporter"]},
        "packages": [program, *(package(component) for component in components)],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-program"},
            *(
                {
                    "spdxElementId": "SPDXRef-program",
                    "relationshipType": relations[component.kind],
                    "relatedSpdxElement": identifier(component),
                }
                for component in components
            ),
        ],
    }


def cyclonedx(subject: dict[str, str], components: list[Component]) -> dict:
    """The CycloneDX document."""

    def reference(component: Component) -> str:
        return component.purl or f"{component.kind}/{component.name}"

    def entry(component: Component) -> dict:
        found = {
            "type": "file" if component.kind == "bpf-object" else "library",
            "bom-ref": reference(component),
            "supplier": {"name": component.supplier},
            "name": component.name,
            "version": component.version,
            "description": DESCRIPTIONS[component.kind],
            "licenses": [{"expression": component.licence}],
            "properties": [{"name": "pidns-exporter:part", "value": part} for part in component.parts],
        }
        if component.sha256:
            found["hashes"] = [{"alg": "SHA-256", "content": component.sha256}]
        if component.purl:
            found["purl"] = component.purl
        return found

    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, HOME + '/' + subject['sha256'])}",
        "version": 1,
        "metadata": {
            "timestamp": subject["time"],
            "component": {
                "type": "application",
                "bom-ref": subject["purl"],
                "name": "pidns-exporter",
                "version": subject["version"],
                "hashes": [{"alg": "SHA-256", "content": subject["sha256"]}],
                "licenses": [{"expression": LICENCE}],
                "purl": subject["purl"],
                "externalReferences": [{"type": "vcs", "url": HOME, "comment": subject["revision"]}],
            },
        },
        "components": [entry(component) for component in components],
        "dependencies": [
            {"ref": subject["purl"], "dependsOn": sorted(reference(component) for component in components)},
            *({"ref": reference(component)} for component in components),
        ],
    }


def main() -> None:
    image, program, architecture, spdx_path, cyclonedx_path = sys.argv[1:]
    root = pathlib.Path(__file__).parents[2]
    version = (root / "VERSION").read_text().strip()
    time = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    subject = {
        "name": f"pidns-exporter-{version}.linux-{architecture}",
        "version": version,
        "revision": os.environ["REVISION"],
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sha256": hashlib.sha256(pathlib.Path(program).read_bytes()).hexdigest(),
        "purl": f"pkg:github/pidns-exporter/pidns-exporter@{version}",
    }
    components = inventory(root, version, pathlib.Path(image))
    for path, document in ((spdx_path, spdx(subject, components)), (cyclonedx_path, cyclonedx(subject, components))):
        pathlib.Path(path).write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
