"""What the real engines make of a case: real ansible-core, which runs the real Jinja2."""
import functools
import os
import pathlib
import resource
import signal
import subprocess
import tempfile

os.environ.setdefault("ANSIBLE_DEPRECATION_WARNINGS", "0")
os.environ.setdefault("ANSIBLE_LOCALHOST_WARNING", "0")

from ansible.errors import AnsibleError  # noqa: E402
from ansible.module_utils.common.text.converters import to_bytes  # noqa: E402
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.plugins.loader import init_plugin_loader, lookup_loader  # noqa: E402
from ansible.template import Templar, trust_as_template  # noqa: E402
from ansible.utils.display import Display  # noqa: E402

SECONDS = 20
BYTES = 6 << 30

# What ansible.builtin.template passes on when the task says nothing.
OVERRIDES = {"trim_blocks": True, "lstrip_blocks": False, "newline_sequence": "\n"}


class Outcome(tuple):
    """(True, output) or (False, message), both bytes."""

    ok = property(lambda self: self[0])
    text = property(lambda self: self[1])


class TooMuch(BaseException):
    """The engine ran out of time; BaseException, so that no engine takes it for an error of the template."""


def _alarm(_signal, _frame):
    raise TooMuch


def _harmless(plain):
    """lookup_loader.get without what would write files or ask others."""
    def get(name, *args, **kwargs):
        if name.split(".")[-1] in ("password", "url", "lines", "pipe"):
            raise AnsibleError(f"lookup {name} is not run here")
        return plain(name, *args, **kwargs)
    return get


def _no_process(*_args, **_kwargs):
    raise AnsibleError("no process is started here")


def start() -> None:
    """To be called once in each process that renders."""
    init_plugin_loader()
    lookup_loader.get = _harmless(lookup_loader.get)
    Display.display = lambda *args, **kwargs: None
    subprocess.Popen = _no_process
    signal.signal(signal.SIGALRM, _alarm)
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))


@functools.lru_cache(maxsize=64)
def _loaded(text: str):
    return DataLoader().load(trust_as_template(text), "/vars.yaml", json_only=False)


def _render(case, folder: str) -> bytes:
    """The steps of ansible/plugins/action/template.py between reading the file and copying it."""
    loader = DataLoader()
    loader.set_basedir(folder)
    values = dict(_loaded(case.vars) or {}, ansible_search_path=[folder])
    templar = Templar(loader=loader, variables=values)
    templar = templar.copy_with_new_env(searchpath=[folder], available_variables=values)
    result = templar.template(trust_as_template(case.template), escape_backslashes=False, overrides=OVERRIDES)
    return to_bytes("" if result is None else result, errors="surrogate_or_strict")


def _write(files: dict, folder: str) -> None:
    for name, text in files.items():
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def render(case) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="oracle-") as folder:
        _write(case.files, folder)
        signal.alarm(SECONDS)
        try:
            return Outcome((True, _render(case, folder)))
        except TooMuch:
            return Outcome((False, b"the engine did not end in time"))
        except Exception as error:  # whatever Ansible raises
            return Outcome((False, f"{type(error).__name__}: {error}".encode(errors="replace")))
        finally:
            signal.alarm(0)
