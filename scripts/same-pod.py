# SPDX-License-Identifier: Apache-2.0
#
# same-pod.py MANIFESTS MANIFESTS
#
# Compares the DaemonSets and ClusterRoles of two manifest files, ignoring labels and order. Prints the
# differences.
import sys

import yaml


def parts(path):
    with open(path) as file:
        documents = {d["kind"]: d for d in yaml.safe_load_all(file) if d}
    daemon_set = documents["DaemonSet"]["spec"]
    return {
        "pod": daemon_set["template"]["spec"],
        "updateStrategy": daemon_set["updateStrategy"],
        "rules": documents["ClusterRole"]["rules"],
        "ports": documents["Service"]["spec"]["ports"],
        "annotations": documents["Service"]["metadata"]["annotations"],
    }


def differences(one, other, where):
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield from differences(one.get(key), other.get(key), f"{where}.{key}")
    elif one != other:
        yield f"{where}: {one} and {other}"


sys.exit("\n".join(differences(*map(parts, sys.argv[1:]), "")) or 0)
