# SPDX-License-Identifier: Apache-2.0
"""Validates a dashboard's JSON with Grafana's schema: Grafana knows every field, and its type is correct.

The schema is that of grafana-foundation-sdk, whose types are generated from Grafana's own. It reads JSON, too, but passes over what it does
not know; this does not.
"""

import enum
import importlib
import inspect
import re
import types
import typing

from grafana_foundation_sdk.models import dashboard, prometheus

# For annotations that do not determine the type: by the names of the type and the field.
_TARGET = ("Panel", "targets")


def problems(value):
    """Returns the problems of a dashboard, one line each."""
    return list(_problems(value, dashboard.Dashboard, "dashboard"))


def _problems(value, kind, where):
    origin = typing.get_origin(kind)
    if kind is typing.Any or kind is object:
        return
    if origin in (typing.Union, types.UnionType):
        choices = [list(_problems(value, choice, where)) for choice in typing.get_args(kind)]
        # The candidate whose error is deepest is the intended type.
        if all(choices):
            yield max((found[0] for found in choices), key=lambda problem: len(problem.split()[0]))
    elif origin is list:
        if not isinstance(value, list):
            yield f"{where} is no list"
            return
        for number, element in enumerate(value):
            yield from _problems(element, typing.get_args(kind)[0], f"{where}[{number}]")
    elif origin is dict:
        if not isinstance(value, dict):
            yield f"{where} is no object"
            return
        for key, element in value.items():
            yield from _problems(element, typing.get_args(kind)[1], f"{where}.{key}")
    elif origin is typing.Literal:
        if value not in typing.get_args(kind):
            yield f"{where} is {value!r}, none of {typing.get_args(kind)}"
    elif inspect.isclass(kind) and hasattr(kind, "from_json"):
        yield from _of_class(value, kind, where)
    elif inspect.isclass(kind) and issubclass(kind, enum.Enum):
        if value not in {member.value for member in kind}:
            yield f"{where} is {value!r}, none of {[member.value for member in kind]}"
    elif kind is type(None):
        if value is not None:
            yield f"{where} is not null"
    elif kind is float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            yield f"{where} is {value!r}, no number"
    elif inspect.isclass(kind):
        if not isinstance(value, kind) or kind is int and isinstance(value, bool):
            yield f"{where} is {value!r}, no {kind.__name__}"
    else:
        raise TypeError(f"{where}: the schema has a kind that is not known here: {kind}")


def _of_class(value, kind, where):
    if not isinstance(value, dict):
        yield f"{where} is no object"
        return
    fields = typing.get_type_hints(kind)
    for key, element in value.items():
        attribute = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()
        field = fields.get(attribute, fields.get(f"{attribute}_val"))
        here = f"{where}.{key}"
        if field is None:
            yield f"{here} is no field of {kind.__name__}"
        elif (kind.__name__, key) == _TARGET:
            for number, target in enumerate(element):
                yield from _problems(target, prometheus.Dataquery, f"{here}[{number}]")
        elif kind is dashboard.Panel and key == "options":
            yield from _problems(element, _of_panel(value, "Options"), here)
        elif kind is dashboard.Panel and key == "fieldConfig":
            yield from _problems({**element, "defaults": {**element["defaults"], "custom": None}}, field, here)
            if "custom" in element["defaults"]:
                yield from _problems(element["defaults"]["custom"], _of_panel(value, "FieldConfig"), f"{here}.defaults.custom")
        else:
            yield from _problems(element, field, here)


def _of_panel(panel, name):
    """Returns the type of a panel's options or field options, by the type of the panel."""
    return getattr(importlib.import_module(f"grafana_foundation_sdk.models.{panel['type']}"), name)
