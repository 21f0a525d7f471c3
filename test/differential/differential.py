"""Renders cases with real Ansible and with lib/template, and compares the bytes.

    test/differential/check [--seed N] [--count N] [--corpus NAME ...] [--show N] [--save FILE]

jinja       what Jinja2's own tests render, recorded while they run
ansible     what ansible-core's tests render, recorded while they run
grammar     templates over the whole language, from --seed
kubernetes  manifests as roles have them, from --seed
yaml        variable files, from --seed
file:PATH   cases that --save wrote
"""
import argparse
import collections
import multiprocessing
import os
import pathlib
import sys
import time

import case as cases
import corpora
import engine
import known
import oracle
import reduce

HERE = pathlib.Path(__file__).parent


class Tally:
    def __init__(self):
        self.same = self.refused = self.listed = 0
        self.unlisted = []

    @property
    def count(self):
        return self.same + self.refused + self.listed + len(self.unlisted)

    def add(self, case, theirs, ours, entries):
        if theirs.ok and ours.ok and theirs.text == ours.text:
            self.same += 1
        elif not theirs.ok and not ours.ok and not ours.text.startswith((b"CRASH", b"HANG")):
            self.refused += 1
        elif known.find(entries, case, theirs, ours):
            self.listed += 1
        else:
            self.unlisted.append((case, theirs, ours))


def clip(text: bytes, length=1500) -> str:
    text = text.decode(errors="backslashreplace")
    return text if len(text) <= length else text[:length] + f"... ({len(text)})"


def indented(text: str) -> str:
    return "".join(f"    |{line}" for line in text.splitlines(True)) or "    (nothing)"


def show(case, theirs, ours, with_vars) -> None:
    """What a person needs to understand a difference."""
    print(f"--- {case.name}\n  template:\n{indented(case.template)}")
    if with_vars and len(case.vars) < 4000:
        print(f"  vars:\n{indented(case.vars)}")
    for name, text in case.files.items():
        print(f"  file {name}:\n{indented(text)}")
    for who, outcome in (("ansible", theirs), ("ours", ours)):
        print(f"  {who}{'' if outcome.ok else ' refuses'}:\n{indented(clip(outcome.text))}")


def compare(batch, binary, jobs, entries) -> Tally:
    ours = engine.Engine(binary)
    tally = Tally()
    with multiprocessing.Pool(jobs, oracle.start, maxtasksperchild=2000) as pool:
        for case, theirs in zip(batch, pool.imap(oracle.render, batch, chunksize=20)):
            tally.add(case, theirs, ours.render(case), entries)
    ours.close()
    return tally


def reduced(found, binary):
    ours = engine.Engine(binary)
    found = reduce.reduce(*found, ours)
    ours.close()
    return found


def shown(tally, options):
    """What is printed of the unlisted differences."""
    found = tally.unlisted[:options.show]
    if not options.reduce:
        return found
    with multiprocessing.Pool(options.jobs, oracle.start) as pool:
        return pool.starmap(reduced, [(one, options.engine) for one in found], chunksize=1)


def report(name, tally, left_out, options, seconds) -> None:
    for found in shown(tally, options):
        show(*found, with_vars=options.vars)
    for reason, count in sorted(left_out.items(), key=lambda item: -item[1]):
        print(f"    left out {count}: {reason}")
    print(f"differential {name}: {tally.same} same, {tally.refused} both refuse, {tally.listed} differ as listed, "
          f"{len(tally.unlisted)} differ, {sum(left_out.values())} left out, {seconds:.0f} s")
    good = tally.count - len(tally.unlisted)
    print(f"{100 * good // max(tally.count, 1)}%: Checks: {tally.count}, Failures: {len(tally.unlisted)}, Errors: 0")
    if tally.count == 0:
        print(f"not ok differential/{name}: there was no case")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", required=True, help="the binary of engine.c")
    parser.add_argument("--oracles", required=True, type=pathlib.Path, help="what test/differential/oracles prints")
    parser.add_argument("--corpus", nargs="+", default=list(corpora.ALL))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=3000, help="of generated cases, per corpus")
    parser.add_argument("--show", type=int, default=20, help="differences to print, per corpus")
    parser.add_argument("--reduce", action="store_true", help="print them as short as they can be")
    parser.add_argument("--vars", action="store_true", help="print their variables too")
    parser.add_argument("--save", type=pathlib.Path, help="append the cases that differ to this file")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    return parser.parse_args()


def main() -> int:
    options = arguments()
    entries = known.read(HERE / "known")
    failed = 0
    for name in options.corpus:
        started = time.monotonic()
        left_out = collections.Counter()
        batch = corpora.read(name, options, left_out)
        tally = compare(batch, options.engine, options.jobs, entries)
        report(name, tally, left_out, options, time.monotonic() - started)
        failed += len(tally.unlisted)
        if options.save:
            with options.save.open("a") as file:
                file.writelines(case.line() + "\n" for case, _, _ in tally.unlisted)
    for entry in entries:
        print(f"    listed: {entry.title}: {entry.seen}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
