# SPDX-License-Identifier: Apache-2.0
"""A YAML parser with the rules of Kubernetes. It rejects duplicate keys, of which PyYAML keeps the last one. It parses 1e3 as a number and
y as a boolean, which PyYAML parses as text."""
import re

import yaml


class StrictLoader(yaml.CSafeLoader):
    def construct_mapping(self, node, deep=False):
        keys = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in keys:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is written twice", key_node.start_mark)
            keys.add(key)
        return super().construct_mapping(node, deep)


# PyYAML fails at "=", which other parsers read as a plain string.
StrictLoader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: node.value)
StrictLoader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+$"), list("-+0123456789"))
StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("[yYnN]$"), list("yYnN"))
StrictLoader.add_constructor("tag:yaml.org,2002:bool", lambda loader, node: node.value.lower() in ("y", "yes", "true", "on"))


def documents(text: str) -> list:
    """Returns the documents of a text that are not empty. Throws yaml.YAMLError."""
    return [document for document in yaml.load_all(text, Loader=StrictLoader) if document is not None]
