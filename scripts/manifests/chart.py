# SPDX-License-Identifier: Apache-2.0
"""Renders the chart in the ways of its users: with Helm 3 and 4, one or several values files, the oldest and the newest Kubernetes,
as a subchart, and through kustomize."""
import functools
import json
import pathlib
import shutil
import subprocess

import yaml

import objects
from strict_yaml import documents
from values import ABSENT, Values, at, nested

RELEASE, NAMESPACE = "pidns-exporter", "monitors"
OPERATOR = [f"monitoring.coreos.com/v1/{kind}" for kind in ("PodMonitor", "ServiceMonitor", "PrometheusRule")]
SELECTED = {"app.kubernetes.io/name", "app.kubernetes.io/instance"}
SERVICE_MONITOR, POD_MONITOR, SERVICE = ("prometheus", "monitor"), ("prometheus", "podMonitor"), ("service",)
MONITORS = {SERVICE_MONITOR, POD_MONITOR}
SWITCHES = {*MONITORS, SERVICE}


class Refused(Exception):
    """Helm or kustomize ended with an error."""


def enabled_by(path: tuple, *files: dict) -> bool:
    """Returns whether values files enable the feature at a path. Later files override earlier ones."""
    given = [value for value in (at(values, (*path, "enabled")) for values in files) if value is not ABSENT]
    return given[-1] if given else path == SERVICE


def labels_and_annotations(thing: dict):
    for metadata in thing["metadata"], thing.get("spec", {}).get("template", {}).get("metadata", {}):
        yield metadata.get("labels") or {}
        yield metadata.get("annotations") or {}


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
        # The objects that each values file renders alone, and without any.
        self.alone = {}

    def written(self, name: str, values: dict) -> pathlib.Path:
        file = self.work / f"{name}.yaml"
        # JSON, because PyYAML writes text such as 1e3 without quotes, which Helm reads as a number.
        file.write_text(json.dumps(values))
        return file

    def template(self, files: list, *, chart=None, helm="helm", flags=(), release=RELEASE) -> str:
        values = [argument for file in files for argument in ("--values", file)]
        return run(helm, "template", release, chart or self.folder, "--namespace", NAMESPACE, *values, *flags)

    def kustomized(self, text: str) -> str:
        """Returns the output of `helm template | kustomize build`, as post-renderers of Argo CD and Flux use it."""
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
        """Each values file alone, with both Helms, for the oldest and the newest Kubernetes; and the flags of Argo CD."""
        for file in [None, *self.files]:
            files = [file] if file else []
            what = f"values {file.name if file else 'of the chart'}"
            things = self.alone[file] = self.check(what, functools.partial(self.template, files))
            if things:
                name = f"chart-{file.name}" if file else "chart.yaml"
                (self.output / name).write_text(yaml.safe_dump_all(things))
            for helm in "helm", "helm3":
                for version in objects.VERSIONS[0], objects.VERSIONS[-1]:
                    flags = ["--kube-version", version, "--include-crds", *(f"--api-versions={api}" for api in OPERATOR)]
                    other = self.check(f"{what}, {helm}, as Argo CD for {version}", functools.partial(self.template, files, helm=helm, flags=flags), kustomize=False)
                    if other != things:
                        self.problems.append(f"{what}: {helm} renders something else for Kubernetes {version}")
                try:
                    run(helm, "lint", "--strict", self.folder, *(argument for f in files for argument in ("--values", f)))
                except Refused as refused:
                    self.problems.append(str(refused))

    def several_files(self):
        """Two values files at a time, in both orders. Helm must reject both monitors together, and a monitor without its service."""
        for one in self.files:
            for other in self.files:
                if one == other:
                    continue
                first, second = self.values.matrix[one.name], self.values.matrix[other.name]
                render = functools.partial(self.template, [one, other])
                enabled = {path for path in SWITCHES if enabled_by(path, first, second)}
                if MONITORS <= enabled or (SERVICE_MONITOR in enabled and SERVICE not in enabled):
                    self.refuses(f"{one.name}, then {other.name}", render)
                else:
                    self.check(f"values {one.name}, then {other.name}", render, kustomize=False)

    def refuses(self, what: str, render):
        try:
            render()
        except Refused:
            return
        self.problems.append(f"{what}: Helm renders what it should refuse")

    def parent(self, alias: str | None) -> pathlib.Path:
        """Returns a chart that depends on this one, with a condition and a tag."""
        parent = self.work / f"parent-{alias or 'plain'}"
        (parent / "charts").mkdir(parents=True)
        dependency = {"name": self.folder.name, "version": ">=0.0.0-0", "tags": ["monitoring"], "condition": f"{alias or self.folder.name}.enabled"}
        if alias:
            dependency["alias"] = alias
        (parent / "Chart.yaml").write_text(json.dumps({"apiVersion": "v2", "name": "parent", "version": "1.0.0", "dependencies": [dependency]}))
        # Only plain files, because Flux omits symbolic links.
        shutil.copytree(self.folder, parent / "charts" / self.folder.name,
                        ignore=lambda folder, names: [n for n in names if (pathlib.Path(folder) / n).is_symlink()])
        return parent

    def subchart(self):
        """As a subchart, also under another name, the chart renders the same objects. The condition disables it."""
        for alias in None, "counts":
            parent, name = self.parent(alias), alias or self.folder.name
            for file in [None, *self.files]:
                own = dict(self.values.matrix[file.name]) if file else {}
                shared, tags = own.pop("global", {}), own.get("tags", {"monitoring": True})
                values = self.written("parent", {name: {**own, "enabled": True}, "global": shared, "tags": tags, "other": {"enabled": True}})
                what = f"values {file.name if file else 'of the chart'} below a parent, {name}"
                for helm in "helm", "helm3":
                    things = self.check(what, functools.partial(self.template, [values], chart=parent, helm=helm), kustomize=False)
                    if not alias and sorted(map(str, things)) != sorted(map(str, self.alone[file])):
                        self.problems.append(f"{what}: {helm} renders something else than without the parent")
            off = self.written("off", {name: {"enabled": False}, "tags": {"monitoring": False}})
            if documents(self.template([off], chart=parent)):
                self.problems.append(f"{name}.enabled=false renders something")

    def collisions(self):
        """Sets all keys of the chart in each map of labels or annotations. The user's value must appear once; labels of selectors must
        not change."""
        base = {
            "prometheus": {"podMonitor": {"enabled": True}, "rules": {"enabled": True}}, "dashboards": {"enabled": True, "annotations": {"a": "b"}},
            "networkPolicy": {"enabled": True}, "securityContextConstraints": {"create": True}, "daemonsetAnnotations": {"a": "b"},
            "serviceAccount": {"annotations": {"a": "b"}},
        }
        variants = [base, {**base, "prometheus": {"monitor": {"enabled": True}, "rules": {"enabled": True}}}, {**base, "prometheus": {}}]
        files = [self.written(f"variant-{index}", variant) for index, variant in enumerate(variants)]
        keys = {key for file in files for thing in documents(self.template([file])) for there in labels_and_annotations(thing) for key in there} - {"a"}
        for path in self.values.of_kind("stringMap"):
            if path == ("nodeSelector",):
                continue
            mine = self.written("collision", nested(path, {key: "theirs" for key in keys}))
            what = f"{'.'.join(path)} with the chart's own keys"
            seen = False
            for variant in files:
                for thing in self.check(what, functools.partial(self.template, [variant, mine])):
                    # A map with all of these keys is written here: labels and annotations of the chart never
                    # share a map.
                    for there in filter(lambda there: keys <= there.keys(), labels_and_annotations(thing)):
                        seen = True
                        later = {"grafana_dashboard"} if thing["kind"] == "ConfigMap" and path == ("commonLabels",) else set()
                        wrong = [key for key in keys - SELECTED - later if there[key] != "theirs"]
                        self.problems += [f"{what}: {objects.name_of(thing)} has its own {key}" for key in wrong]
            if not seen:
                self.problems.append(f"{'.'.join(path)}: the user's values are nowhere")

    def particulars(self):
        """The effects of single values."""
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
