"""A pytest plugin: records what Jinja2's own tests compile and render.

    RECORD=FILE venv/bin/python -m pytest -p record_jinja jinja2/tests

Writes a line of JSON for each case, or for each reason why something could not be one. What the
tests expect is not kept: the replay asks the real engine again, under Ansible's settings.
"""
import itertools
import json
import os

import jinja2
import jinja2.environment

from case import Case, Inexpressible, variables

HEADER = ("block_start_string", "block_end_string", "variable_start_string", "variable_end_string",
          "comment_start_string", "comment_end_string", "line_statement_prefix", "line_comment_prefix",
          "trim_blocks", "lstrip_blocks", "newline_sequence", "keep_trailing_newline")
ANSIBLE = dict(jinja2.Environment(trim_blocks=True).__dict__)

current = ""  # the test that runs
numbers = itertools.count()
out = None


def write(**what) -> None:
    out.write(json.dumps(what) + "\n")


def header(env) -> str:
    """The "#jinja2:" line that gives Ansible's engine the options of this environment."""
    differ = {key: getattr(env, key) for key in HEADER if getattr(env, key) != ANSIBLE[key]}
    if any("," in str(value) for value in differ.values()):
        raise Inexpressible("a delimiter with a comma, which a #jinja2 line cannot say")
    return "#jinja2: " + ", ".join(f"{key}: {value!r}" for key, value in differ.items()) + "\n" if differ else ""


def fits(env) -> None:
    if env.is_async:
        raise Inexpressible("an asynchronous environment")
    if env.extensions:
        raise Inexpressible("an environment with extensions, which Ansible does not enable")
    for what in ("filters", "tests", "globals"):
        if getattr(env, what).keys() - ANSIBLE[what].keys():
            raise Inexpressible(f"{what} that the test defined in Python")


def files(env) -> dict:
    """What the template may include: everything that its loader can name."""
    if not env.loader:
        return {}
    try:
        names = env.loader.list_templates()
    except TypeError:
        names = []
    found = {}
    for name in names:
        try:
            found[name] = env.loader.get_source(env, name)[0]
        except Exception:  # pylint: disable=broad-except
            continue
    return found


def record(env, source, context) -> None:
    try:
        fits(env)
        if not isinstance(source, str):
            raise Inexpressible("a template built from nodes")
        case = Case(f"jinja/{current}#{next(numbers)}", header(env) + source, variables(context), files(env))
        case.line().encode()
        case.template.encode()
        write(case=case.line())
    except Inexpressible as reason:
        write(reason=str(reason))
    except UnicodeEncodeError:
        write(reason="text that is not Unicode")


class Recorder:
    """Stands in for methods of Environment, Template and TemplateExpression."""

    def __init__(self):
        self.from_string = jinja2.Environment.from_string
        self.load = jinja2.Environment._load_template
        self.new_context = jinja2.Template.new_context
        self.parse = jinja2.Environment._parse
        self.expression = jinja2.Environment.compile_expression
        self.call = jinja2.environment.TemplateExpression.__call__

    def install(self):
        me = self

        def from_string(env, source, *args, **kwargs):
            template = me.from_string(env, source, *args, **kwargs)
            template.recorded = source
            return template

        def load(env, name, *args):
            template = me.load(env, name, *args)
            if not hasattr(template, "recorded"):
                try:
                    template.recorded = env.loader.get_source(env, name)[0]
                except Exception:  # pylint: disable=broad-except
                    template.recorded = None
            return template

        def new_context(template, values=None, shared=False, locals=None):  # pylint: disable=redefined-builtin
            if not shared and hasattr(template, "recorded"):
                record(template.environment, template.recorded, dict(values or {}))
            return me.new_context(template, values, shared, locals)

        def parse(env, source, name, filename):
            try:
                return me.parse(env, source, name, filename)
            except jinja2.TemplateSyntaxError:
                record(env, source, {})
                raise

        def expression(env, source, *args, **kwargs):
            made = me.expression(env, source, *args, **kwargs)
            made.recorded = (env, "%s %s %s" % (env.variable_start_string, source, env.variable_end_string))
            return made

        def call(made, *args, **kwargs):
            if hasattr(made, "recorded"):
                record(*made.recorded, dict(*args, **kwargs))
            return me.call(made, *args, **kwargs)

        jinja2.Environment.from_string = from_string
        jinja2.Environment._load_template = load
        jinja2.Template.new_context = new_context
        jinja2.Environment._parse = parse
        jinja2.Environment.compile_expression = expression
        jinja2.environment.TemplateExpression.__call__ = call


def pytest_configure(config):
    global out
    out = open(os.environ["RECORD"], "w")
    Recorder().install()


def pytest_runtest_setup(item):
    global current
    current = item.nodeid


def pytest_unconfigure(config):
    out.close()
