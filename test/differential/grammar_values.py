"""Variables of every type for the grammar's templates, and which names have which type."""
import datetime

from case import variables

STRINGS = """ghost web-1 nginx:1.27.3 example.org Hello_World  /etc/desired/app.yaml /srv/data/ archive.tar.gz
    10.0.0.1 10.42.0.0/16 1.10.2 v1.30.1+k3s1 2024-02-30 12:30 yes no on off true false null ~ 0644 0o17 0x1F 1e3
    1_000 .5 1.0 -7 +3 .inf = << - ? a,b,,c key=value *star &anchor !tag %directive @at `tick {x} [y] # 42 007
    Zm9vYmFy app.kubernetes.io/name https://user:pw@example.org:8443/p/a?q=1&r=%20#frag aaa banana ABC aBc""".split()
MORE_STRINGS = [
    "", " ", "  padded text ", "Hello World", "it's", 'say "hi"', "both ' and \"", "grüße ☃", "日本語テキスト", "e\u0301\u00e9",
    "\U0001f389 party", "line one\n  line two\n\nline four\n", "one\ntwo", "\n", "trailing\n\n", "tab\there", "a\\nb",
    "C:\\temp\\new", "<b>bold</b> & 'x'", "a: b", "- item", "#comment", "key: [1, 2]", " leading", "trailing ",
    "x" * 90, "the quick brown fox jumps over the lazy dog and runs far away from here, really far",
    "word " * 30, '{"a": [1, 2, {"b": null}], "c": "x"}', "[1, 2.5, true, \"s\"]", "a: 1\nb: [x, y]\n", "---\nk: v\n---\n- 1\n",
    "a\u00a0b", "a\u2028b", "a\r\nb", "\u0007bell", "%s and %d", "{} {0}", "50%", "100 Mi", "1.5G", "$HOME ${x}", "a|b", "{# no #",
]
KEYS = ["name", "port", "host", "app", "with-dash", "a.b/c", "é", "Zed", "id", "enabled", "1", "items", "keys", "x y", "true"]


class Values:
    """`names` says which variables are of which type; `text` is the variable file."""

    def __init__(self, rng):
        self.rng = rng
        self.names = {}
        self.set = {}

    def add(self, kind, name, value):
        self.names.setdefault(kind, []).append(name)
        self.set[name] = value

    def string(self):
        return self.rng.choice(STRINGS if self.rng.random() < 0.6 else MORE_STRINGS)

    def integer(self):
        r = self.rng
        return r.choice([0, 1, 2, 3, -1, 7, 10, 42, 80, 255, 1000, 8080, -17, r.randint(-100, 100), r.randint(0, 10**6),
                         2**31, 2**63 - 1, 2**63, -2**63, 10**20, -12345678901234567890123])

    def real(self):
        r = self.rng
        return r.choice([0.0, 0.5, 1.0, -1.5, 3.14159, 0.1, 2.675, 1e16, 1e-7, 1.5e300, 123456789.125, -0.0, 100.0,
                         round(r.uniform(-10, 10), r.randint(0, 6))])

    def scalar(self):
        r = self.rng.random()
        if r < 0.55:
            return self.string()
        if r < 0.75:
            return self.integer()
        return self.rng.choice([True, False, None, self.real(), self.real()])

    def key(self):
        return self.rng.choice(KEYS)

    def any(self, depth):
        r = self.rng.random()
        if depth <= 0 or r < 0.5:
            return self.scalar()
        if r < 0.75:
            return [self.any(depth - 1) for _ in range(self.rng.randint(0, 4))]
        return {self.key(): self.any(depth - 1) for _ in range(self.rng.randint(0, 4))}

    def record(self):
        """What a list of dicts holds: some attribute may be missing."""
        r = self.rng
        item = {"name": r.choice(["web", "db", "Cache", "api", "zoo", "web"]), "port": r.choice([80, 443, 5432, 80, 9]),
                "on": r.random() < 0.5, "tags": r.sample(["x", "y", "z"], r.randint(0, 3)), "sub": {"v": r.randint(0, 3)}}
        if r.random() < 0.1:
            del item[r.choice(["on", "sub", "tags"])]
        if r.random() < 0.1:
            item["name"] = None
        return item

    def fill(self):
        r = self.rng
        for i in range(6):
            self.add("s", f"s{i}", self.string())
        for i in range(3):
            self.add("i", f"i{i}", self.integer())
        self.add("i", "small", r.randint(0, 9))
        for i in range(2):
            self.add("f", f"f{i}", self.real())
        self.add("b", "yes_", True)
        self.add("b", "no_", False)
        self.add("nothing", "nothing", None)
        self.add("ls", "words", [self.string() for _ in range(r.randint(1, 5))])
        self.add("ls", "names", ["banana", "Apple", "cherry", "apple", "Banana"][:r.randint(2, 5)])
        self.add("li", "numbers", [r.randint(-9, 30) for _ in range(r.randint(1, 6))])
        self.add("lm", "mixed", [self.any(2) for _ in range(r.randint(1, 5))])
        self.add("lm", "empty_list", [])
        self.add("lm", "nested", [[1, [2, [3, None]]], ["a"], []])
        self.add("ld", "records", [self.record() for _ in range(r.randint(1, 5))])
        self.add("d", "config", {"port": 8080, "host": "example.org", "nested": {"a": 1, "b": [1, 2, {"c": "deep"}]},
                                 "with-dash": "v", self.key(): self.any(2)})
        self.add("d", "labels", {self.key(): self.string() for _ in range(r.randint(1, 4))})
        self.add("d", "empty_dict", {})
        self.add("d", "tree", {self.key(): self.any(3) for _ in range(r.randint(1, 4))})
        if r.random() < 0.1:
            self.add("date", "day", r.choice([datetime.date(2024, 2, 29), datetime.datetime(2021, 1, 2, 3, 4, 5)]))
        return self

    def text(self) -> str:
        return variables(self.set)
