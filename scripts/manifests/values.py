# SPDX-License-Identifier: Apache-2.0
"""Checks that values.yaml, values.schema.json, README.md, node-exporter.md and ci/*-values.yaml of the chart have the same keys."""
import json
import pathlib
import re

import jsonschema

from strict_yaml import documents

# Keys that Helm adds to the values of a subchart. The schema allows them; values.yaml has no defaults for
# them.
FROM_PARENT = {"enabled", "tags"}
ABSENT = object()


class Values:
    def __init__(self, chart: pathlib.Path):
        self.schema = json.loads((chart / "values.schema.json").read_text())
        self.defaults = documents((chart / "values.yaml").read_text())[0]
        self.readme = (chart / "README.md").read_text()
        self.comparison = (chart / "node-exporter.md").read_text()
        self.matrix = {file.name: documents(file.read_text())[0] for file in sorted(chart.glob("ci/*-values.yaml"))}
        # Maps each key without nested keys to its schema.
        self.leaves = dict(self._leaves(self.schema, ()))

    def _resolved(self, schema: dict) -> dict:
        return self.schema["definitions"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema

    def _leaves(self, schema: dict, path: tuple):
        for key, inner in schema["properties"].items():
            inner = self._resolved(inner)
            if "properties" in inner:
                yield from self._leaves(inner, (*path, key))
            else:
                yield (*path, key), inner

    def of_kind(self, name: str) -> list[tuple]:
        """Returns the keys whose schema is this definition. "stringMap" is the definition of labels and annotations."""
        return [path for path, schema in self.leaves.items() if schema is self.schema["definitions"][name]]

    def problems(self) -> list[str]:
        return [*self._keys(), *self._coverage(), *self._refusals(), *self._readme(), *self._comparison()]

    def _keys(self):
        """values.yaml has each key of the schema, and no other."""
        jsonschema.Draft7Validator.check_schema(self.schema)
        for name, values in {"values.yaml": self.defaults, **self.matrix}.items():
            for error in jsonschema.Draft7Validator(self.schema).iter_errors(without_nulls(values)):
                yield f"{name}: {'.'.join(map(str, error.path))}: {error.message}"
        for path in self.leaves:
            if at(self.defaults, path) is ABSENT and path[0] not in FROM_PARENT:
                yield f"values.yaml lacks {'.'.join(path)}, which the schema has"

    def _coverage(self):
        """A values file sets each key of the schema to another value than its default; a boolean to both values, an enumeration
        to each value."""
        for path, schema in self.leaves.items():
            default = at(self.defaults, path)
            given = [value for value in (at(values, path) for values in self.matrix.values()) if value is not ABSENT]
            name = ".".join(path)
            if not any(value != default for value in given):
                yield f"no file of ci/ changes {name}"
            wanted = [True, False] if schema.get("type") == "boolean" else schema.get("enum", [])
            if path[0] not in FROM_PARENT and path[-1] != "dnsPolicy":
                yield from (f"no file of ci/ sets {name} to {value}" for value in wanted if value not in [default, *given])

    def _refusals(self):
        """The schema rejects an unknown key at each level, and a value of the wrong type for each key."""
        validator = jsonschema.Draft7Validator(self.schema)
        for path in self.leaves:
            if path[0] not in ("global", "tags") and validator.is_valid(nested((*path[:-1], "nosuchkey"), "x")):
                yield f"the schema accepts {'.'.join((*path[:-1], 'nosuchkey'))}"
            if all(validator.is_valid(nested(path, wrong)) for wrong in (True, 1.5, "%", ["%"], {"%": "%"})):
                yield f"the schema accepts anything as {'.'.join(path)}"

    def _readme(self):
        """The table of the README has each key, with its default in backticks. Only maps, lists and empty text may have a default in words."""
        rows = dict(re.findall(r"^\| `([^`]+)` \| ([^|]*?) ?\|", self.readme, re.M))
        keys = {".".join(path): at(self.defaults, path) for path in self.leaves if at(self.defaults, path) is not ABSENT}
        yield from (f"README.md lacks the value {key}" for key in keys if key not in rows)
        yield from (f"README.md has the value {key}, which there is not" for key in rows if key not in keys)
        for key, cell in rows.items():
            if key not in keys:
                continue
            default = keys[key]
            in_words = cell and not cell.startswith("`")
            if in_words and (default == "" or isinstance(default, (list, dict))):
                continue
            shown = default if isinstance(default, str) else json.dumps(default)
            if cell.strip("`") != shown:
                yield f"README.md: the default of {key} is {shown!r}, not {cell!r}"


    def _comparison(self):
        """The schema has each value that the comparison with prometheus-node-exporter's chart calls the same."""
        keys = {".".join(path[:length]) for path in self.leaves for length in range(1, len(path) + 1)}
        rows = re.findall(r"^\| (`[^|]*) \| same \|", self.comparison, re.M)
        if not rows:
            yield "node-exporter.md has no row of equal values"
        for row in rows:
            parent = ""
            for name in re.findall(r"`([\w.]+)`", row):
                if not name.startswith("."):
                    parent = name.rsplit(".", 1)[0]
                key = parent + name if name.startswith(".") else name
                if key not in keys:
                    yield f"node-exporter.md has the value {key}, which the schema does not have"


def at(values, path: tuple):
    """Returns the value at a path, or ABSENT."""
    for key in path:
        if not isinstance(values, dict) or key not in values:
            return ABSENT
        values = values[key]
    return values


def nested(path: tuple, value) -> dict:
    for key in reversed(path):
        value = {key: value}
    return value


def without_nulls(values):
    """Helm removes null values before it checks the schema."""
    if isinstance(values, dict):
        return {key: without_nulls(value) for key, value in values.items() if value is not None}
    return values
