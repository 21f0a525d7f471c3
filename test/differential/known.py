"""The list of differences that are meant, and whether a difference is on it. See the file `known`."""
import dataclasses
import re

FIELDS = ("template", "files", "vars", "ansible", "ours", "corpus")


@dataclasses.dataclass
class Entry:
    title: str
    why: str = ""
    patterns: dict = dataclasses.field(default_factory=dict)
    seen: int = 0

    def matches(self, texts: dict) -> bool:
        return all(pattern.search(texts[field]) for field, pattern in self.patterns.items())


class BadList(Exception):
    pass


def _add(entry: Entry, line: str) -> None:
    field, _, text = line.strip().partition(": ")
    if field == "why":
        entry.why = text
    elif field in FIELDS and field not in entry.patterns:
        entry.patterns[field] = re.compile(text, re.S)
    elif entry.why and not entry.patterns and ":" not in field:
        entry.why += " " + line.strip()
    else:
        raise BadList(f"known: {entry.title}: what is '{line.strip()}'?")


def read(path) -> list:
    entries = []
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if not line[0].isspace():
            entries.append(Entry(line.strip()))
        elif entries:
            _add(entries[-1], line)
    for entry in entries:
        if not entry.why or not entry.patterns:
            raise BadList(f"known: {entry.title}: needs a reason and a pattern")
    return entries


def find(entries: list, case, ansible, ours):
    """The entry that explains this difference, or None. Crashes are never explained."""
    if ours.text.startswith((b"CRASH", b"HANG")):
        return None
    texts = {"template": case.template, "vars": case.vars, "corpus": case.corpus,
             "files": "\n".join(case.files.values()),
             "ansible": _text(ansible), "ours": _text(ours)}
    for entry in entries:
        if entry.matches(texts):
            entry.seen += 1
            return entry
    return None


def _text(outcome) -> str:
    return ("" if outcome.ok else "ERROR ") + outcome.text.decode(errors="replace")
