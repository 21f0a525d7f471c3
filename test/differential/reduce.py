"""Makes the template of a difference as short as it can be and still differ in the same way."""
import dataclasses

import oracle


def _sides(case, engine):
    theirs, ours = oracle.render(case), engine.render(case)
    if theirs.ok == ours.ok and (not ours.ok or theirs.text == ours.text):
        return None
    return theirs, ours


def _kind(theirs, ours):
    """What must stay: who refuses, and how we word it."""
    words = b"" if ours.ok else b" ".join(ours.text.split(b": ")[-1].split()[:3])
    return theirs.ok, ours.ok, words, b"" if theirs.ok else theirs.text.split(b":")[0]


def _shorter(text):
    """Shorter texts, the shortest first."""
    size = len(text) // 2
    while size >= 1:
        for at in range(0, len(text) - size + 1, max(size // 2, 1)):
            yield text[:at] + text[at + size:]
        size //= 2


def reduce(case, theirs, ours, engine, tries=1500):
    kind = _kind(theirs, ours)
    found = case, theirs, ours
    again = True
    while again and tries > 0:
        again = False
        for text in _shorter(found[0].template):
            tries -= 1
            if tries <= 0:
                break
            smaller = dataclasses.replace(case, template=text)
            sides = _sides(smaller, engine)
            if sides and _kind(*sides) == kind:
                found, again = (smaller, *sides), True
                break
    if "include" not in found[0].template and not any(name in found[0].template for name in case.files):
        found = (dataclasses.replace(found[0], files={}), *found[1:])
    return found
