"""Variable files: what PyYAML reads, we read; and what it writes, we write."""
import random

from case import Case

PLAIN = """y n yes no on off Yes NO On OFF true false True FALSE null Null NULL ~ none nil 0 1 -1 +1 00 007 0644 010 08 09 0o17 0O17 0x1F 0X1f -0x1 +0b1 0b101
    0b102 1_000 _1 1_ 1__0 0_7 1.0 1. .5 -.5 +.5 . .. ... 1e3 1E3 1e+3 1.0e3 1.0e+3 1.5e-7 1.e+3 .5e+1 1_0.5 1.0.0 12:30 1:2:3 12:60 190:20:30 190:20:30.15 -12:30 1:99 0:0 .inf -.inf +.inf .Inf .INF
    .nan .NaN .NAN inf nan 2021-01-01 2021-1-1 2021-13-01 2021-02-30 2021-01-01T00:00:00Z 2021-01-01T01:02:03.5 2021-01-01t1:2:3 2001-12-14t21:59:43.10-05:00 2021-01-01T01:02:03+5 = << 9223372036854775807 9223372036854775808
    -9223372036854775808 -9223372036854775809 123456789012345678901234567890 1e400 1.0e+400 0.1 1e-5 - -- --- -a ?x ?a :a a:b a#b 10.0.0.1 1.2.3 v1 0. 0.0 -0.0 -0 1,000 1.50 100% /a/b a/b @x `x %x !x &x *x [x {x ]x }x ,x 'x "x |x >x #x
    a: -: foo::bar http://x:80/ 12e03 1e03 0x 0b 0o 0xg +12:30 1_1:2 --1 +-1 é ☃ 1\u00a0000""".split()
QUOTED = [r'"a\nb"', r'"\x41\u263a\U0001F600"', r'"tab\there"', "'it''s'", r'"\e\0\a"', '"a\n  b"', "'a\n\n  b'", r'"line \
    continued"', '""', "''", r'"\/"', r'"bad \q"', '"open', "'x", r'"\u00e9"', "'%d' ", '"{{ a }}"', "'{{ b | default(1) }}'"]
BLOCKS = ["|\n  a\n  b\n", "|-\n  a\n\n  b\n\n", "|+\n  a\n\n", ">\n  folded\n  text\n\n  new\n", ">-\n  a\n    more\n  b\n", "|2\n    two\n  x\n", "|\n\n  lead\n", ">+\n  k\n\n\n", "|\n  tab\there\n", "| # comment\n  x\n", "|1-\n x\n"]
TAGS = ["!!str 12", "!!int '12'", "!!float 3", "!!bool yes", "!!null ''", "!!binary aGk=", "!unsafe '{{ x }}'", "!!set {a, b}", "!!omap [a: 1]", "!!python/none x", "!foo bar", "! 12", "!!timestamp 2021-01-01", "!!str yes", "!!seq [a]", "!!map {a: 1}", "!!int 1_0", "!!float 1.5", "!!int x",
        "!!str", "!!str [a]", "!!pairs [a: 1]"]
COLLECTIONS = ["[a, 1, yes, ~]", "{a: 1, b: [x]}", "[]", "{}", "[a, [b, {c: d}]]", "\n  - a\n  - b: c\n    d: e\n", "\n- a\n- - b\n  - c\n", "\n  k: v\n  l:\n    - x\n", "{a, b}", "[a: 1, b]", "{? a : b}", "\n  ? x\n  : y\n", "[a, ]", "{a: 1,}", "[,]", "{'a': 1, \"b\": 2}", "{a: , b: }",
               "{1: a, 1.5: b, true: c, ~: d, 2021-01-01: e}", "&x {a: 1}", "[&y 1, *y]", "\n  <<: {a: 1, b: 2}\n  b: 3\n", "\n  b: 3\n  <<: [{a: 1}, {a: 2, c: 3}]\n", "{a: 1, a: 2}", "\n  a: 1\n  a: 2\n", "[a\n, b]", "{x: {y: {z: [1, {w: 2}]}}}", "\n  - \n  - ~\n  - ''\n", "*nowhere"]
ODD = ["# comment\n", "\n", "---\n", "...\n", "%YAML 1.1\n---\n", "\tx: 1\n", "k\u00a0: 1\n", "  indented: 1\n", "x : y\n", "'q': 1\n", "? k\n: v\n", "a b: c d\n", "- list\n", "\ufeff"]
SHOW = ["{{ v }}", "{{ v | to_json }}", "{{ v | type_debug }}", "{{ v | to_nice_yaml }}", "{{ v | string | to_json }}", "{{ [v] }}", "{{ [v, {'k': v}] | to_nice_yaml(indent=2) }}", "{{ {'k': v} | to_yaml }}", "{{ v == v }}", "{{ [v] | to_yaml(width=20) }}", "{{ [v] | to_nice_yaml(default_style='\"') }}", "{{ v | pprint }}"]
TEXTS = ["", " ", "a", "a b", " lead", "trail ", "a: b", "a:b", "- a", "-a", "#x", "a #x", "a#x", "yes", "1", "1.0", "null", "~", "[x]", "{x}", "*x", "&x", "!x", "|", ">", "%x", "@x", "`x", "'x'", '"x"', "a'b", 'a"b', "a\nb", "a\nb\n", "\na", "a\n\nb", "a\tb", "\t", "a\\b", "é", "☃", "\U0001f600", "\u00a0", "\u2028", "\ufeff", "\x07", "\x7f", "\x85",
         "word " * 20, "x" * 100, "a, b", "a,b", "=", "<<", "---", "...", "--- a", "? a", "?a", ": a", ":a", "a:", "a: ", "2021-01-01", "12:30", "0o17", "0x1f", "1e3", "trailing\n\n", "  a\n b", "a \nb", "a\n  b", "\n", "\n\n", "x\r\ny", "true", "No", "{{", "}}", "{%x", "line " * 15 + "\n" + "more " * 15, "é " * 60, "a" * 75 + " " + "b" * 20, "'" * 3, "-", "--", "?", ":", "a ", ".", "0", "-1", "+1", "1_0"]


class Files:
    def __init__(self, rng):
        self.rng = rng

    def value(self):
        r = self.rng
        kind = r.random()
        if kind < 0.45:
            return r.choice(PLAIN) if r.random() < 0.8 else self.number()
        return r.choice(r.choice([QUOTED, BLOCKS, TAGS, COLLECTIONS, COLLECTIONS]))

    def number(self):
        r = self.rng
        return "".join(r.choice("0123456789") for _ in range(r.randint(1, 6))) + r.choice(["", ".", ".5", "e1", "e+1", "_", ":30", "-01-01"]) + r.choice(["", "", "0", "1"])

    def text(self):
        r = self.rng
        text = r.choice(ODD) if r.random() < 0.1 else ""
        text += f"v: {self.value().rstrip(chr(10))}\n"
        for name in r.sample(["w", "x", "y"], r.randint(0, 2)):
            text += f"{name}: {self.value().rstrip(chr(10))}\n"
        if r.random() < 0.05:
            text += r.choice(ODD)
        if r.random() < 0.05:
            at = r.randrange(len(text))
            text = text[:at] + r.choice(list("{}[],:'\"#&*!|>%@- \n\t")) + text[at:]
        return text

    def dumped(self):
        """A text as a variable, to be written as YAML."""
        r = self.rng
        text = r.choice(TEXTS) if r.random() < 0.7 else "".join(r.choice(TEXTS) for _ in range(r.randint(2, 4)))
        escaped = "".join(f"\\U{ord(c):08x}" if not 32 <= ord(c) < 127 or c in "\"\\{" else c for c in text)
        return f'v: "{escaped}"\n'


def generate(count, seed):
    rng = random.Random(seed)
    files = Files(rng)
    return [Case(f"yaml/{seed}#{number}", rng.choice(SHOW) + "\n", files.text() if rng.random() < 0.7 else files.dumped())
            for number in range(count)]
