"""Where the cases come from."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import ansible_targets
import grammar
import kubernetes
import scalars
from case import Case

HERE = pathlib.Path(__file__).parent


def _lines(path, left_out):
    """Cases that a recorder wrote, each once."""
    seen = set()
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        if "reason" in entry:
            left_out[entry["reason"]] += 1
            continue
        case = Case(**json.loads(entry["case"]))
        key = (case.template, case.vars, json.dumps(case.files))
        if key not in seen:
            seen.add(key)
            yield case


def jinja(options, left_out):
    with tempfile.TemporaryDirectory(prefix="jinja-") as folder:
        record = pathlib.Path(folder, "cases")
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "record_jinja", "-p", "no:cacheprovider", "tests",
             "--ignore", "tests/test_async.py", "--ignore", "tests/test_async_filters.py"],
            cwd=options.oracles / "jinja2", env=dict(os.environ, RECORD=str(record), PYTHONPATH=str(HERE)),
            capture_output=True, text=True, check=False)
        if run.returncode:
            sys.exit(f"Jinja2's own tests failed:\n{run.stdout[-3000:]}")
        return list(_lines(record, left_out))


def ansible(options, left_out):
    return list(_lines(ansible_targets.recorded(options), left_out))


def generated(module):
    return lambda options, _left_out: module.generate(options.count, options.seed)


def saved(path):
    return [Case(**json.loads(line)) for line in pathlib.Path(path).read_text().splitlines()]


ALL = {"jinja": jinja, "ansible": ansible, "grammar": generated(grammar),
       "kubernetes": generated(kubernetes), "yaml": generated(scalars)}


def read(name, options, left_out):
    if name.startswith("file:"):
        return saved(name.removeprefix("file:"))
    return ALL[name](options, left_out)
