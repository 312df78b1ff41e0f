# SPDX-License-Identifier: Apache-2.0
#
# krew.py MANIFEST ARCHIVE VERSION
#
# Compares the krew manifest with its archive: digest, address, and files.
import fnmatch
import hashlib
import os
import sys
import tarfile

import yaml

manifest, archive, version = sys.argv[1:]
with open(manifest) as file:
    plugin = yaml.safe_load(file)
assert plugin["kind"] == "Plugin" and plugin["metadata"]["name"] == "pidns", plugin
assert plugin["spec"]["version"] == f"v{version}", plugin["spec"]["version"]
(platform,) = plugin["spec"]["platforms"]
with open(archive, "rb") as file:
    assert platform["sha256"] == hashlib.sha256(file.read()).hexdigest(), platform["sha256"]
assert platform["uri"].endswith(f"/v{version}/{os.path.basename(archive)}"), platform["uri"]
with tarfile.open(archive) as tar:
    names = tar.getnames()
for entry in platform["files"]:
    assert any(fnmatch.fnmatch(name, entry["from"]) for name in names), (entry, names)
assert any(name.endswith("/" + platform["bin"]) for name in names), names
# A limit of krew.
assert len(plugin["spec"]["shortDescription"]) <= 50
