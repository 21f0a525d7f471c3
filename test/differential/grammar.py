"""Templates over the whole language, from a seed: expressions by the type that they should have, so
that most of them mean something, in statements with every kind of white space control."""
import random
import re

from case import Case
from grammar_rules import (ATTRIBUTES, COMPARES, LITERALS, PATTERNS, TABLE, TESTS, VERSIONS, WORDS)
from grammar_values import KEYS, STRINGS, Values

RULES = {kind: [rule.strip() for rule in text.split(";;") if rule.strip()] for kind, text in TABLE.items()}
PLACE = re.compile(r"\{\{|\}\}|\{([a-z]+)\}")
SIMPLE = re.compile(r"""[\w.]+|'[^'{]*'""")


class Expressions:
    def __init__(self, rng, names):
        self.rng = rng
        self.names = {kind: list(names_) for kind, names_ in names.items()}
        self.locals = []  # (name, kind)

    def literal_string(self):
        text = self.rng.choice(STRINGS + ["it", "x y"]).replace("\\", "\\\\")
        return f'"{text}"' if "'" in text else f"'{text}'"

    def leaf(self, kind):
        r = self.rng
        mine = [name for name, k in self.locals if k in (kind, "a")]
        if mine and r.random() < 0.5:
            return r.choice(mine)
        if kind == "s":
            return r.choice(self.names["s"]) if r.random() < 0.75 else self.literal_string()
        if r.random() < 0.75 and self.names.get(kind):
            return r.choice(self.names[kind])
        return r.choice(LITERALS[kind])

    def make(self, kind, depth):
        if kind == "n":
            kind = self.rng.choice(["i", "f"])
        if kind == "l":
            kind = self.rng.choice(["ls", "ls", "li", "lm", "lm", "ld"])
        if kind == "a":
            return self.any(depth)
        if depth <= 0 or self.rng.random() < 0.3:
            return self.leaf(kind)
        return self.expand(self.rng.choice(RULES[kind]), depth - 1)

    def any(self, depth):
        r = self.rng.random()
        if r < 0.04:
            return self.rng.choice(["none", "nothing", "missing | default('d')", "config.nope | default(none)", "missing.x.y | default(5)"])
        if r < 0.045:
            return self.rng.choice(["missing", "config.nope", "words[99]", "broken"])
        if self.names.get("lazy") and r < 0.12:
            return self.rng.choice(self.names["lazy"])
        if self.names.get("date") and r < 0.14:
            return "day"
        return self.make(self.rng.choice(["s", "s", "s", "i", "f", "b", "ls", "li", "lm", "ld", "d", "d"]), depth)

    def expand(self, rule, depth):
        return PLACE.sub(lambda match: match[0][0] if match[0] in ("{{", "}}") else self.part(match[1], depth), rule)

    def part(self, kind, depth):
        r = self.rng
        fixed = {"p": lambda: str(r.randint(0, 9)), "w": lambda: f"'{r.choice(WORDS)}'", "c": lambda: r.choice(["','", "'-'", "'.'", "'/'", "'x'"]),
                 "k": lambda: f"'{r.choice(KEYS)}'", "re": lambda: f"'{r.choice(PATTERNS)}'", "attr": lambda: r.choice(["port", "host", "name", "nested"]),
                 "v": lambda: f"'{r.choice(VERSIONS)}'", "cmp": lambda: f"'{r.choice(COMPARES)}'", "test": lambda: r.choice(TESTS),
                 "var": lambda: f"'{r.choice(self.names['s'])}'", "name": lambda: r.choice(ATTRIBUTES)}
        if kind in fixed:
            return fixed[kind]()
        made = self.make(kind, depth)
        return made if SIMPLE.fullmatch(made) or r.random() < 0.03 else f"({made})"


class Statements:
    """`depth` bounds how deep statements nest."""

    def __init__(self, rng, names):
        self.rng = rng
        self.e = Expressions(rng, names)
        self.counter = 0

    def fresh(self, kind):
        self.counter += 1
        name = f"{kind}_{self.counter}"
        self.e.locals.append((name, kind))
        return name

    def tag(self, text):
        r = self.rng
        begin, end = r.choice(["", "", "", "", "", "-", "+"]), r.choice(["", "", "", "", "", "-", "+"])
        return "{%" + begin + r.choice([" ", " ", " ", "", "\n"]) + text + r.choice([" ", " ", " ", "  "]) + end + "%}"

    def output(self, text):
        r = self.rng
        begin, end = r.choice(["", "", "", "", "-", ""]), r.choice(["", "", "", "", "-", ""])
        space = r.choice([" ", " ", " ", "", "\n  "])
        if text.startswith(("{", "-", "+")) and not space:
            space = " "
        return "{{" + begin + space + text + r.choice([" ", " ", " ", "  "]) + end + "}}"

    def space(self):
        return self.rng.choice(["", "", "", "\n", "\n", " ", "\n  ", "  \n", "\n\n", "\t", "\n    "])

    def text(self):
        return self.rng.choice(["a", "key: ", "- ", "text here", "é☃", "{", "}", "# ", "'", "\\", "%", "x y\n", "\n", "key:\n  - ", "\"q\"", "{ {", "%}", "}}", "#}", "&", "<b>"])

    def body(self, depth):
        seen = len(self.e.locals)
        parts = [self.space() + self.statement(depth) + self.space() for _ in range(self.rng.randint(1, 3))]
        del self.e.locals[seen:]
        return "".join(parts)

    def statement(self, depth):
        r = self.rng.random()
        if r < 0.2:
            return self.text()
        if depth <= 0 or r < 0.5:
            return self.output(self.e.any(2))
        return self.rng.choice(self.KINDS)(self, depth - 1)

    def if_(self, depth):
        out = self.tag(f"if {self.e.make('b', 2)}") + self.body(depth)
        while self.rng.random() < 0.25:
            out += self.tag(f"elif {self.e.make('b', 1)}") + self.body(depth)
        if self.rng.random() < 0.4:
            out += self.tag("else") + self.body(depth)
        return out + self.tag("endif")

    def loop_locals(self):
        for name, kind in (("loop.index", "i"), ("loop.index0", "i"), ("loop.first", "b"), ("loop.last", "b"), ("loop.length", "i"),
                           ("loop.revindex", "i"), ("loop.cycle('a', 'b')", "s"), ("loop.depth", "i"), ("loop.revindex0", "i"),
                           ("loop.previtem | default('-') | string", "s"), ("loop.nextitem is defined", "b"), ("loop.changed(loop.index // 2)", "b")):
            if self.rng.random() < 0.3:
                self.e.locals.append((name, kind))

    def for_(self, depth):
        r = self.rng
        kind = r.choice(["ls", "li", "lm", "ld", "ls", "ld"])
        over = self.e.make(kind, 1)
        seen = len(self.e.locals)
        item = self.fresh({"ls": "s", "li": "i", "lm": "a", "ld": "d"}[kind])
        cond = ""
        if r.random() < 0.25:
            cond = " if " + {"ls": f"{item} != 'a'", "li": f"{item} > 0", "lm": f"{item} is string", "ld": f"{item}.on | default(false)"}[kind]
        if kind == "ld":
            self.e.locals += [(f"{item}.name", "s"), (f"{item}.port", "i"), (f"{item}['tags'] | default([])", "ls")]
        self.loop_locals()
        out = self.tag(f"for {item} in {over}{cond}") + self.body(depth)
        del self.e.locals[seen:]
        if r.random() < 0.25:
            out += self.tag("else") + self.body(depth)
        return out + self.tag("endfor")

    def for_pairs(self, depth):
        over = self.e.make("d", 1)
        over = self.rng.choice([f"({over}).items()", f"({over}) | dictsort", f"({over}).items() | list", f"({over}) | dict2items | map('dictsort') | map('map', 'last')"])
        seen = len(self.e.locals)
        key, value = self.fresh("s"), self.fresh("a")
        self.loop_locals()
        out = self.tag(f"for {key}, {value} in {over}") + self.body(depth) + self.tag("endfor")
        del self.e.locals[seen:]
        return out

    def recursive(self, _depth):
        return (self.tag("for n in nested recursive") + "[" + "{{ n if n is string or n is not iterable else loop(n) }}" + self.tag("if not loop.last")
                + "," + self.tag("endif") + "]" + self.tag("endfor"))

    def set_(self, _depth):
        kind = self.rng.choice(["s", "i", "b", "ls", "d", "ld", "a"])
        value = self.e.make(kind, 2)
        return self.tag(f"set {self.fresh(kind)} = {value}")

    def set_two(self, _depth):
        first, second = self.e.make("s", 1), self.e.make("i", 1)
        return self.tag(f"set {self.fresh('s')}, {self.fresh('i')} = {first}, {second}")

    def set_block(self, depth):
        body = self.body(depth)
        name = self.fresh("s")
        return self.tag(f"set {name}" + self.rng.choice(["", " | trim", " | upper", " | indent(2)"])) + body + self.tag("endset")

    def namespace(self, depth):
        self.counter += 1
        name = f"ns_{self.counter}"
        out = self.tag(f"set {name} = namespace(x={self.e.make('s', 1)}, n=0)")
        over = self.e.make("l", 1)
        out += self.tag(f"for it in {over}") + self.tag(f"set {name}.n = {name}.n + 1") + self.body(depth) + self.tag("endfor")
        self.e.locals += [(f"{name}.n", "i"), (f"{name}.x", "s")]
        return out

    def macro(self, depth):
        self.counter += 1
        name, seen = f"m_{self.counter}", len(self.e.locals)
        self.e.locals += [("p1", "a"), ("p2", "i"), ("varargs", "lm"), ("kwargs", "d")][:self.rng.choice([2, 2, 2, 4])]
        calls = self.rng.random() < 0.2
        body = self.body(depth) + ("{{ caller() }}" if calls else "")
        del self.e.locals[seen:]
        out = self.tag(f"macro {name}(p1, p2=2)") + body + self.tag("endmacro")
        args = self.rng.choice([self.e.any(1), f"{self.e.any(1)}, {self.e.make('i', 0)}", f"p2=7, p1={self.e.any(0)}", f"*[{self.e.any(0)}]", f"**{{'p1': 1}}", f"{self.e.any(0)}, 3, 4, z=5"])
        if calls:
            return out + self.tag(f"call {name}({args})") + self.body(depth) + self.tag("endcall")
        return out + self.output(f"{name}({args})" + self.rng.choice(["", "", " | upper", " | indent(2)", " | trim"]))

    def filter_block(self, depth):
        name = self.rng.choice(["upper", "trim", "indent", "indent(4, true)", "replace('a', 'b')", "b64encode", "title", "comment", "length", "indent(width=2) | upper"])
        return self.tag(f"filter {name}") + self.body(depth) + self.tag("endfilter")

    def with_(self, depth):
        value, seen = self.e.any(1), len(self.e.locals)
        name = self.fresh("a")
        out = self.tag(f"with {name} = {value}") + self.body(depth) + self.tag("endwith")
        del self.e.locals[seen:]
        return out

    def raw(self, _depth):
        begin = self.rng.choice(["{% raw %}", "{%- raw -%}", "{% raw -%}", "{%raw%}"])
        return begin + self.space() + self.text() + "{{ x }}{% y %}{# z #}" + self.space() + self.rng.choice(["{% endraw %}", "{%- endraw -%}", "{% endraw +%}"])

    def comment(self, _depth):
        return "{#" + self.rng.choice(["", "-", "+"]) + self.rng.choice([" c ", " {{ x }} ", "\n", " {% if %} "]) + self.rng.choice(["", "-", "+"]) + "#}"

    def include(self, _depth):
        return self.tag(self.rng.choice(["include 'part.j2'", "include 'part.j2' ignore missing", "include 'none.j2' ignore missing", "include ['none.j2', 'part.j2']",
                                         "include 'part.j2' without context", "include 'p' ~ 'art.j2'"]))

    def import_(self, _depth):
        how = self.rng.choice(["", "", " with context", " without context"])
        value = self.e.make("s", 1)
        if self.rng.random() < 0.5:
            return self.tag(f"import 'macros.j2' as lib{how}") + self.output(f"lib.wrap({value})" + self.rng.choice(["", " ~ lib.constant"]))
        return self.tag(f"from 'macros.j2' import wrap, constant as c{how}") + self.output(f"wrap({value}) ~ c")

    def globals(self, _depth):
        return self.output(self.rng.choice(["range(3) | list", "dict(a=1, b={x})".replace("{x}", self.e.any(1)), "lookup('file', 'file.txt')", "query('file', 'file.txt')",
                                            "lookup('template', 'part.j2')", "q('sequence', 'start=1 end=4 format=n%02d')", "lookup('items', words)", "omit is defined", "lookup('list', words)",
                                            "lookup('env', 'NOT_SET_ANYWHERE')", "joiner(',')() ~ 'x'", "cycler('a', 'b').next()", "lookup('first_found', ['none.txt', 'file.txt']) | basename",
                                            "lookup('file', 'file.txt', rstrip=false)", "lookup('file', 'file.txt') | indent(2)", "lookup('dict', config, wantlist=true) | length"]))

    KINDS = [if_, if_, if_, if_, for_, for_, for_, for_pairs, recursive, set_, set_, set_two, set_block, namespace, macro, filter_block, with_, raw, comment, include, import_, globals]

    def template(self):
        r = self.rng.random()
        if r < 0.35:
            return self.output(self.e.any(3)) + self.rng.choice(["", "\n", "x", "\n\n", " "])
        return self.header() + self.body(3) + self.rng.choice(["", "\n", "\n", "\n\n"])

    def header(self):
        r = self.rng
        if r.random() > 0.06:
            return ""
        return "#jinja2: " + r.choice(["trim_blocks: False", "lstrip_blocks: True", "trim_blocks:False, lstrip_blocks:True", "keep_trailing_newline: True", "lstrip_blocks: \"True\"",
                                       "newline_sequence: '\\r\\n'", "line_statement_prefix: '%%'", "trim_blocks: True"]) + "\n"


FILES = {"part.j2": "part {{ s0 }}\n{% if yes_ %}\n  yes\n{% endif %}\n", "file.txt": "content of file\nsecond {{ line }}\n\n",
         "macros.j2": "{% set constant = 'C' %}\n{% macro wrap(x) %}<{{ x }}|{{ s1 | default('no context') }}>{% endmacro %}\n"}


def lazies(rng, values):
    """Variables that are templates over the others."""
    e = Expressions(rng, values.names)
    for i in range(3):
        values.add("lazy", f"z{i}", "{{ " + e.any(1) + " }}")
    values.add("lazy", "zt", "text {{ " + e.make("s", 1) + " }} and {{ z0 }}")
    values.add("lazy", "zl", ["{{ s0 }}", "plain", {"in": "{{ " + e.make("s", 1) + " }}"}])
    values.add("lazy", "zd", {"url": "https://{{ s1 }}:{{ i0 }}/", "list": "{{ words }}", "deep": {"x": "{{ z1 | default('q') }}"}})
    values.set["broken"] = "{{ not_defined_anywhere }}"


def mutated(rng, text):
    """A template with a mistake in it, most likely."""
    at = rng.randrange(len(text) + 1)
    kind = rng.random()
    if kind < 0.4:
        return text[:at] + text[at + rng.randint(1, 3):]
    if kind < 0.7:
        return text[:at] + rng.choice(list("{}%#|()[].,:'\"~ -+=!<>\n\\") + ["{{", "}}", "{%", "%}", " if ", " is ", " not "]) + text[at:]
    end = rng.randrange(len(text) + 1)
    return text[:min(at, end)] + text[max(at, end):]


def generate(count, seed):
    rng = random.Random(seed)
    cases, text, values = [], "", None
    for number in range(count):
        if number % 10 == 0:
            values = Values(rng).fill()
            lazies(rng, values)
            text = values.text()
        template = Statements(rng, values.names).template()
        if rng.random() < 0.08:
            template = mutated(rng, template)
        uses = any(name in template for name in FILES)
        cases.append(Case(f"grammar/{seed}#{number}", template, text, FILES if uses else {}))
    return cases
