# SPDX-License-Identifier: Apache-2.0
"""Renders the chart as its users do: by Helm 3 and 4, with one file of values and several, for the oldest and the newest Kubernetes, as a
subchart, through kustomize."""
import copy
import json
import pathlib
import shutil
import subprocess

import yaml

import objects
from strict_yaml import documents
from values import Values, nested

RELEASE, NAMESPACE = "pidns-exporter", "monitors"
OPERATOR = [f"monitoring.coreos.com/v1/{kind}" for kind in ("PodMonitor", "ServiceMonitor", "PrometheusRule")]
SELECTED = {"app.kubernetes.io/name", "app.kubernetes.io/instance"}


class Refused(Exception):
    pass


def run(*command, stdin: str = "") -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused(f"{' '.join(map(str, command))}: {(done.stdout + done.stderr).strip()}")
    return done.stdout


class Chart:
    def __init__(self, folder: pathlib.Path, work: pathlib.Path, output: pathlib.Path):
        self.folder, self.work, self.output = folder, work, output
        self.values = Values(folder)
        self.files = sorted(folder.glob("ci/*-values.yaml"))
        self.problems = list(self.values.problems())
        self.rendered = 0

    def written(self, name: str, values: dict) -> pathlib.Path:
        file = self.work / f"{name}.yaml"
        # JSON: PyYAML leaves text such as 1e3 without quotes, which is a number for Helm.
        file.write_text(json.dumps(values))
        return file

    def template(self, files: list, *, chart=None, helm="helm", flags=(), release=RELEASE) -> str:
        self.rendered += 1
        values = [argument for file in files for argument in ("--values", file)]
        return run(helm, "template", release, chart or self.folder, "--namespace", NAMESPACE, *values, *flags)

    def kustomized(self, text: str) -> str:
        """Returns what `helm template | kustomize build` makes of it: Argo CD's and Flux's post-renderers do the same."""
        folder = self.work / "kustomize"
        folder.mkdir(exist_ok=True)
        (folder / "all.yaml").write_text(text)
        (folder / "kustomization.yaml").write_text("resources: [all.yaml]\nlabels: [{pairs: {cluster: blue}, includeTemplates: true}]\n")
        return run("kubectl", "kustomize", folder)

    def check(self, what: str, render, *, kustomize=True) -> list:
        """Renders and checks; returns the objects."""
        try:
            text = render()
            things = documents(text)
            found = objects.problems(things)
            if kustomize:
                found += objects.problems(documents(self.kustomized(text)))
        except (Refused, yaml.YAMLError) as error:
            things, found = [], [str(error)]
        self.problems += [f"{what}: {problem}" for problem in found]
        return things

    def matrix(self):
        """Each set of values by itself, by both Helms, for the oldest and the newest Kubernetes; what Argo CD passes."""
        for file in [None, *self.files]:
            files = [file] if file else []
            what = f"values {file.name if file else 'of the chart'}"
            things = self.check(what, lambda: self.template(files))
            if things:
                name = f"chart-{file.name}" if file else "chart.yaml"
                (self.output / name).write_text(yaml.safe_dump_all(things))
            for helm in "helm", "helm3":
                for version in objects.VERSIONS[0], objects.VERSIONS[-1]:
                    flags = ["--kube-version", version, "--include-crds", *(f"--api-versions={api}" for api in OPERATOR)]
                    other = self.check(f"{what}, {helm}, as Argo CD for {version}", lambda: self.template(files, helm=helm, flags=flags), kustomize=False)
                    if other != things:
                        self.problems.append(f"{what}: {helm} renders something else for Kubernetes {version}")
                try:
                    run(helm, "lint", "--strict", self.folder, *(argument for f in files for argument in ("--values", f)))
                except Refused as refused:
                    self.problems.append(str(refused))

    def several_files(self):
        """Two files of values at a time, each order: all pairs that exclude each other aside."""
        for one in self.files:
            for other in self.files:
                if one != other:
                    values = [self.values.matrix[one.name], self.values.matrix[other.name]]
                    monitors = {k for v in values for k, m in v.get("prometheus", {}).items() if k != "rules" and m.get("enabled")}
                    service_off = any(v.get("service", {}).get("enabled") is False for v in values)
                    # The port that an HTTPS sidecar serves is gone where the other file replaces the sidecars' values: none does.
                    if len(monitors) == 2 or ("monitor" in monitors and service_off):
                        self.refuses(f"{one.name} and {other.name}", lambda: self.template([one, other]))
                    else:
                        self.check(f"values {one.name}, then {other.name}", lambda: self.template([one, other]), kustomize=False)

    def refuses(self, what: str, render):
        try:
            render()
        except Refused:
            return
        self.problems.append(f"{what}: Helm renders what it should refuse")

    def subchart(self):
        """Below a parent, with a condition, tags, an alias and global values: it renders what it renders by itself."""
        for alias in None, "counts":
            parent = self.work / f"parent-{alias or 'plain'}"
            (parent / "charts").mkdir(parents=True)
            name = alias or self.folder.name
            dependency = {"name": self.folder.name, "version": ">=0.0.0-0", "condition": f"{name}.enabled", "tags": ["monitoring"]}
            if alias:
                dependency["alias"] = alias
            (parent / "Chart.yaml").write_text(
                yaml.safe_dump({"apiVersion": "v2", "name": "parent", "version": "1.0.0", "dependencies": [dependency]}))
            # Only plain files: Flux makes artefacts without symbolic links.
            shutil.copytree(self.folder, parent / "charts" / self.folder.name,
                            ignore=lambda folder, names: [n for n in names if (pathlib.Path(folder) / n).is_symlink()])
            for file in [None, *self.files]:
                own = copy.deepcopy(self.values.matrix[file.name]) if file else {}
                shared = own.pop("global", {})
                tags = own.get("tags", {"monitoring": True})
                values = self.written("parent", {name: {**own, "enabled": True}, "global": shared, "tags": tags, "other": {"enabled": True}})
                what = f"values {file.name if file else 'of the chart'} below a parent, {name}"
                for helm in "helm", "helm3":
                    things = self.check(what, lambda: self.template([values], chart=parent, helm=helm), kustomize=not alias and helm == "helm")
                    if not alias and things and self.template([file] if file else []) and sorted(map(str, things)) != sorted(
                            map(str, documents(self.template([file] if file else [])))):
                        self.problems.append(f"{what}: {helm} renders something else than without the parent")
            off = self.written("off", {name: {"enabled": False}, "tags": {"monitoring": False}})
            if documents(self.template([off], chart=parent)):
                self.problems.append(f"{name}.enabled=false renders something")

    def collisions(self):
        """Gives each map of labels or annotations all keys that the chart itself writes: the user's value is there, once; what selectors
        ask for is untouched."""
        base = {
            "prometheus": {"podMonitor": {"enabled": True}, "rules": {"enabled": True}}, "dashboards": {"enabled": True, "annotations": {"a": "b"}},
            "networkPolicy": {"enabled": True}, "securityContextConstraints": {"create": True}, "daemonsetAnnotations": {"a": "b"},
            "serviceAccount": {"annotations": {"a": "b"}},
        }
        variants = [base, {**base, "prometheus": {"monitor": {"enabled": True}, "rules": {"enabled": True}}}, {**base, "prometheus": {}}]
        keys = {"grafana_dashboard"}
        for index, variant in enumerate(variants):
            for thing in documents(self.template([self.written(f"variant-{index}", variant)])):
                for metadata in thing["metadata"], thing.get("spec", {}).get("template", {}).get("metadata", {}):
                    keys |= {*metadata.get("labels", {}), *metadata.get("annotations", {})}
        for path in self.values.of_kind("stringMap"):
            if path == ("nodeSelector",):
                continue
            seen = 0
            for index in range(len(variants)):
                mine = self.written("collision", nested(path, {key: "theirs" for key in keys}))
                what = f"{'.'.join(path)} with the chart's own keys"
                things = self.check(what, lambda: self.template([self.work / f"variant-{index}.yaml", mine]))
                for thing in things:
                    for metadata in thing["metadata"], thing.get("spec", {}).get("template", {}).get("metadata", {}):
                        for there in metadata.get("labels") or {}, metadata.get("annotations") or {}:
                            if there.get("app.kubernetes.io/version", "theirs") == "theirs" and keys - SELECTED <= there.keys():
                                seen += 1
                                wrong = [key for key in keys - SELECTED if there[key] != "theirs" and key != "grafana_dashboard"]
                                self.problems += [f"{what}: {objects.name_of(thing)} has its own {key}" for key in wrong]
            if seen == 0:
                self.problems.append(f"{'.'.join(path)}: the user's values are nowhere")

    def particulars(self):
        """What single values are for."""
        def rendered(release=RELEASE, **values):
            return self.check(f"values {values}", lambda: self.template([self.written("particular", values)], release=release), kustomize=False)

        def image(**values):
            pod = next(t for t in rendered(**values) if t["kind"] == "DaemonSet")["spec"]["template"]["spec"]
            return pod["containers"][0]["image"], [s["name"] for s in pod.get("imagePullSecrets", [])]

        version = yaml.safe_load((self.folder / "Chart.yaml").read_text())["appVersion"]
        digest = "sha256:" + "1" * 64
        for expected, values in [
            ((f"pidns-exporter:{version}", []), {}),
            ((f"a.example/b:{version}", []), {"image": {"registry": "a.example", "repository": "b"}}),
            ((f"mirror.example/pidns-exporter:{version}", ["x", "y"]),
             {"image": {"registry": "a.example"}, "global": {"imageRegistry": "mirror.example", "imagePullSecrets": ["x"]}, "imagePullSecrets": ["x", {"name": "y"}]}),
            ((f"pidns-exporter@{digest}", []), {"image": {"digest": digest, "tag": "1"}}),
        ]:
            if (got := image(**values)) != expected:
                self.problems.append(f"values {values}: image and pull secrets are {got}, not {expected}")
        # Names that YAML would read as numbers.
        rendered(release="123", fullnameOverride="456", namespaceOverride="789", nameOverride="1e3")
        annotations = "prometheus.io/scrape", "prometheus.io/port", "prometheus.io/path"
        for monitor in None, "monitor", "podMonitor":
            values = {"prometheus": {monitor: {"enabled": True}, "rules": {"enabled": True}} if monitor else {"rules": {"enabled": True}}, "nameOverride": "counts"}
            things = rendered(**values)
            service = next(t for t in things if t["kind"] == "Service")
            there = [key for key in annotations if key in (service["metadata"].get("annotations") or {})]
            if there != ([] if monitor else list(annotations)):
                self.problems.append(f"{monitor or 'no monitor'}: the service has the annotations {there}")
            expressions = [rule["expr"] for t in things if t["kind"] == "PrometheusRule" for g in t["spec"]["groups"] for rule in g["rules"]]
            for selector, wanted in ('job="counts"', bool(monitor)), ('job=~".*pidns.*"', not monitor):
                if any(selector in expression for expression in expressions) != wanted:
                    self.problems.append(f"{monitor or 'no monitor'}: alerts {'lack' if wanted else 'have'} {selector}")
        egress = [next(t for t in rendered(networkPolicy={"enabled": True, "apiServerPorts": [], "dnsPorts": []}) if t["kind"] == "NetworkPolicy")["spec"]["egress"]]
        if egress != [[]]:
            self.problems.append(f"no ports to connect to, and egress is {egress}")
        self.refuses("both monitors", lambda: self.template([self.written("both", {"prometheus": {"monitor": {"enabled": True}, "podMonitor": {"enabled": True}}})]))
        self.refuses("a key that there is not", lambda: self.template([self.written("wrong", {"image": {"tagg": "1"}})]))

    def links(self):
        self.problems += [f"{file} is a symbolic link, which Flux leaves out" for file in self.folder.rglob("*") if file.is_symlink()]
