"""ansible-playbook without hands: it templates, but no module and no command runs.

    RECORD=FILE SOURCE=NAME venv/bin/python record_ansible.py [OPTION ...] PLAYBOOK

Appends a line of JSON to FILE for each template and expression, with those variables and files that
it names, or for each reason why something could not be a case. What Ansible made of it is not kept.
"""
import dataclasses
import json
import os
import subprocess
import sys

from ansible._internal._datatag._tags import TrustedAsTemplate
from ansible._internal._templating import _engine, _jinja_bits
from ansible.cli.playbook import main
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from jinja2 import meta, nodes

from case import Case, Inexpressible, Unsafe, variables

LARGEST = 60_000
SOURCE = os.environ["SOURCE"]
SPECIAL = {"hostvars", "vars", "groups", "play_hosts", "ansible_play_hosts", "ansible_facts", "ansible_search_path"}
FILE_LOOKUPS = {"file", "template", "first_found", "fileglob", "unvault"}


def write(**what) -> None:
    with open(os.environ["RECORD"], "a") as file:
        file.write(json.dumps(what) + "\n")


def searched(env, name):
    """The text of a file that a template names, or None."""
    for folder in getattr(env.loader, "searchpath", []):
        for path in (os.path.join(folder, name), os.path.join(folder, "templates", name), os.path.join(folder, "files", name)):
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    return file.read().decode()
    return None


class Closure:
    """The variables and files that a template names, and those that these name."""

    def __init__(self, engine):
        self.engine = engine
        self.values = {}
        self.files = {}

    def text(self, env, source) -> None:
        try:
            tree = env.parse(source)
        except Exception:  # pylint: disable=broad-except
            return
        for name in meta.find_undeclared_variables(tree):
            self.variable(name)
        for node in tree.find_all(nodes.Const):
            if isinstance(node.value, str):
                self.file(env, node.value)
                if any(isinstance(call.node, nodes.Name) and call.node.name in ("lookup", "query", "q")
                       for call in tree.find_all(nodes.Call)):
                    self.variable(node.value)

    def file(self, env, name) -> None:
        if name in self.files or name.startswith("/") or ".." in name or not name:
            return
        try:
            text = searched(env, name)
        except (UnicodeDecodeError, OSError, ValueError):
            return
        if text is not None:
            self.files[name] = text
            self.text(env, text)

    def variable(self, name) -> None:
        variables_now = self.engine.available_variables
        if name in self.values or name not in variables_now:
            return
        if name in SPECIAL:
            raise Inexpressible(f"the special variable {name}")
        self.values[name] = None
        self.values[name] = self.value(variables_now[name])

    def value(self, value):
        if isinstance(value, str):
            if not _jinja_bits.is_possibly_template(value):
                return value
            if not TrustedAsTemplate.is_tagged_on(value):
                return Unsafe(value)
            self.text(self.engine.environment, value)
            return value
        if isinstance(value, dict):
            return {key: self.value(item) for key, item in dict.items(value)}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in list.__iter__(value)] if isinstance(value, list) else value
        if dataclasses.is_dataclass(value):
            return type(value).__name__  # the trace of a failed task
        return value


def header(overrides) -> str:
    """The "#jinja2:" line for what a task or lookup passed as options."""
    fields = [field.name for field in dataclasses.fields(overrides)]
    default = _jinja_bits.TemplateOverrides.DEFAULT
    differ = {name: getattr(overrides, name) for name in fields if getattr(overrides, name) != getattr(default, name)}
    if any("," in str(value) for value in differ.values()):
        raise Inexpressible("a delimiter with a comma, which a #jinja2 line cannot say")
    return "#jinja2: " + ", ".join(f"{key}: {value!r}" for key, value in differ.items()) + "\n" if differ else ""


seen = set()


def record(engine, source, template, overrides) -> None:
    try:
        first = header(overrides)
        if first and template.startswith("#jinja2:"):
            raise Inexpressible("options of the task and a #jinja2 line")
        closure = Closure(engine)
        try:
            stripped, env = engine._create_overlay(source, overrides)
        except Exception:  # pylint: disable=broad-except
            pass  # a bad #jinja2 line
        else:
            closure.text(env, stripped)
        text = variables(closure.values)
        if len(text) > LARGEST:
            raise Inexpressible("variables of more than 60,000 bytes")
        case = Case("", first + template, text, closure.files)
        case.template.encode()
        if case.line() not in seen:
            seen.add(case.line())
            case.name = f"ansible/{SOURCE}#{len(seen)}"
            write(case=case.line())
    except Inexpressible as reason:
        write(reason=str(reason))
    except UnicodeEncodeError:
        write(reason="text that is not Unicode")
    except Exception as error:  # pylint: disable=broad-except
        write(reason=f"the recorder: {type(error).__name__}: {error}"[:200])


NOTHING = {"changed": False, "rc": 0, "stdout": "", "stdout_lines": [], "stderr": "", "stderr_lines": []}
STAT = {"exists": False, "checksum": "1", "isdir": False, "path": "/nowhere"}


def temporary_folder(action, *_args, **_kwargs):
    action._connection._shell.tmpdir = "/nowhere"
    return "/nowhere"


def no_process(*_args, **_kwargs):
    raise AnsibleError("no process is started here")


def tie_hands() -> None:
    """Whatever would change the machine answers as if it had."""
    ActionBase._execute_module = lambda self, **kwargs: dict(NOTHING, stat=STAT)
    ActionBase._low_level_execute_command = lambda self, *args, **kwargs: dict(NOTHING)
    ActionBase._execute_remote_stat = lambda self, *args, **kwargs: dict(STAT)
    ActionBase._make_tmp_path = temporary_folder
    ActionBase._transfer_file = lambda self, local, remote: remote
    ActionBase._transfer_data = lambda self, remote, data: remote
    ActionBase._remote_expand_user = lambda self, path, **kwargs: path
    subprocess.Popen = no_process


def record_all() -> None:
    plain_template = _engine.TemplateEngine._compile_template
    plain_expression = _engine.TemplateEngine._compile_expression

    def compile_template(engine, template, options):
        record(engine, template, str(template), options.overrides)
        return plain_template(engine, template, options)

    def compile_expression(engine, expression, options):
        text = "{{ " + str(expression) + " }}"
        record(engine, text, text, _jinja_bits.TemplateOverrides.DEFAULT)
        return plain_expression(engine, expression, options)

    _engine.TemplateEngine._compile_template = compile_template
    _engine.TemplateEngine._compile_expression = compile_expression


if __name__ == "__main__":
    tie_hands()
    record_all()
    main(["ansible-playbook", *sys.argv[1:]])
