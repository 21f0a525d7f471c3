"""Runs ansible-core's integration targets under record_ansible.py and keeps what it wrote.

That takes a minute or two, so it is done once for each version of the recorder; only the inputs are
kept, the expectations are generated in each run of the test.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
RECORDER = [HERE / name for name in ("record_ansible.py", "ansible_targets.py", "case.py")]

# Those that are about templates and variables and need neither a network nor another machine.
ROLES = """
    template filter_core filter_mathstuff filter_urls filter_urlsplit filter_encryption jinja_plugins
    lookup_config lookup_csvfile lookup_dict lookup_file lookup_first_found lookup_indexed_items lookup_items
    lookup_list lookup_nested lookup_random_choice lookup_sequence lookup_subelements lookup_template
    lookup_together lookup_varnames lookup_vars lookup_password templating special_vars assert conditionals
    debug loops omit set_fact undefined until include_vars var_blending var_reserved inventory_constructed
    collections_plugin_namespace json_cleanup loop-until yaml_parsing
    """.split()
PLAYBOOKS = """
    template/6653.yml template/72262.yml template/72615.yml template/ansible_managed.yml
    template/corner_cases.yml template/custom_template.yml template/filter_plugins.yml template/lazy_eval.yml
    template/template_overrides.yml template/undefined_in_import.yml template/undefined_var_info.yml
    template/unsafe.yml template/unused_vars_include.yml template_jinja2_non_native/46169.yml
    template_jinja2_non_native/macro_override.yml filter_core/runme.yml filter_core/handle_undefined_type_errors.yml
    filter_mathstuff/runme.yml jinja2_native_types/runtests.yml jinja2_native_types/nested_undefined.yml
    lookup_env/vars_set.yml lookup_env/vars_not_set.yml lookup_ini/test_ini.yml templating_lookup_args/test.yml
    templating_lookups/runme.yml templating_settings/test_templating_settings.yml var_templating/undefined.yml
    var_templating/undall.yml var_templating/task_vars_templating.yml var_templating/test_connection_vars.yml
    set_fact/nowarn_clean_facts.yml set_fact/set_fact_bool_conv.yml set_fact/set_fact_empty_str_key.yml
    var_inheritance/tasks/main.yml jinja_plugins/playbook.yml
    """.split()

ROLE_PLAY = """
- hosts: testhost
  connection: local
  gather_facts: false
  ignore_errors: true
  roles: ["{{ target }}"]
"""


def play(oracles, targets, what, record) -> None:
    """One run of ansible-playbook; its own verdict does not matter."""
    folder = targets.parent
    name, _, playbook = what.partition("/")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "OUTPUT_DIR": str(folder / "output"), "RECORD": str(record),
        "SOURCE": what, "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8",
        "ANSIBLE_ROLES_PATH": str(targets), "ANSIBLE_DEPRECATION_WARNINGS": "0", "ANSIBLE_NOCOLOR": "1",
    }
    variables = {"target": name, "output_dir": str(folder / "output"), "remote_tmp_dir": str(folder / "output"),
                 "ansible_python_interpreter": sys.executable, "ansible_connection": "local"}
    try:
        subprocess.run(
            [sys.executable, str(HERE / "record_ansible.py"), "--inventory", "testhost,", "--extra-vars",
             json.dumps(variables), playbook or str(folder / "role.yml")],
            cwd=targets / name, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
            timeout=120)
    except subprocess.TimeoutExpired:
        print(f"    {what} was stopped after 120 s")


def record_all(options, path) -> None:
    with tempfile.TemporaryDirectory(prefix="targets-") as name:
        folder = pathlib.Path(name)
        targets = folder / "targets"
        (folder / "output").mkdir()
        (folder / "records").mkdir()
        (folder / "role.yml").write_text(ROLE_PLAY)
        shutil.copytree(options.oracles / "ansible-core/test/integration/targets", targets, symlinks=True)
        for meta in targets.glob("*/meta/main.yml"):  # dependencies prepare a machine
            meta.unlink()
        work = [what for what in ROLES + PLAYBOOKS if (targets / what).exists()]
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            records = [folder / "records" / what.replace("/", "_") for what in work]
            list(pool.map(lambda pair: play(options.oracles, targets, *pair), zip(work, records)))
        text = "".join(record.read_text() for record in records if record.exists())
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").rename(path)


def recorded(options) -> pathlib.Path:
    """The file with the cases, made when it is not there yet."""
    stamp = hashlib.sha256(b"".join(path.read_bytes() for path in RECORDER)).hexdigest()[:16]
    path = options.oracles / f"ansible-{stamp}.cases"
    if not path.exists():
        print(f"recording ansible-core's own tests (once; kept in {path})", flush=True)
        record_all(options, path)
    return path
