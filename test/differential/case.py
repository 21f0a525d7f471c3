"""A case: a template with all that it needs, as one line of JSON.

    name      where it comes from: "jinja/test_filters.py::TestFilter::test_indent#2"
    template  the text; options of the engine stand in a "#jinja2:" line
    vars      the variables as a YAML file would set them
    files     what it may include, import or look up, by name
"""
import dataclasses
import datetime
import json
import math

import yaml


@dataclasses.dataclass
class Case:
    name: str
    template: str
    vars: str = "{}\n"
    files: dict = dataclasses.field(default_factory=dict)

    def line(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    @property
    def corpus(self) -> str:
        return self.name.split("/", 1)[0]


class Inexpressible(Exception):
    """The reason why something recorded cannot be said with a template and a variable file."""


class Unsafe(str):
    """Text that is no template although it looks like one; `!unsafe` in a variable file."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


_Dumper.add_representer(Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style='"'))


def plain(value, depth=0):
    """`value` in types that a variable file can hold."""
    if depth > 40:
        raise Inexpressible("variables that are nested without end")
    if value is None or isinstance(value, (bool, Unsafe)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str) and type(value).__module__.startswith(("builtins", "ansible")):
        return str(value)
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value
    if isinstance(value, dict):
        return {plain(k, depth + 1): plain(v, depth + 1) for k, v in dict.items(value)}
    if isinstance(value, (list, tuple)):
        return [plain(v, depth + 1) for v in value]
    if isinstance(value, range) and len(value) < 1000:
        return list(value)
    raise Inexpressible(f"a variable that is a Python object ({type(value).__name__})")


def _same(a, b) -> bool:
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    if type(a) is not type(b) and not (isinstance(a, str) and isinstance(b, str)):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(_same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return a == b


class _Loader(yaml.SafeLoader):
    pass


_Loader.add_constructor("!unsafe", lambda loader, node: Unsafe(node.value))


def variables(values: dict) -> str:
    """The variable file that sets these. Raises Inexpressible."""
    values = plain(values)
    text = yaml.dump(values, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10000)
    try:
        again = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError:
        again = None
    if not _same(values, again):
        raise Inexpressible("a variable that YAML cannot hold")
    return text
