"""Reads case files as parts of one run, and refuses gold that the documents do not bear out."""

from collections.abc import Sequence
from pathlib import Path

from eval.case import Case, load_cases
from eval.check_cases import check_gold
from eval.errors import BadCase
from eval.squad_cases import load_squad
from index.generation import Generation

EVERY = "all"
"""What all parts together are called; no file may be."""


def load_parts(files: Sequence[Path], generation: Generation) -> dict[Path, list[Case]]:
    """Return the cases of each file; BadCase names what is wrong with the first that is.

    Each is a part, called as its file without the suffix. Those in SQuAD's form are found again in
    the documents; the spans of the others are proved.
    """
    parts: dict[Path, list[Case]] = {}
    seen: dict[str, Path] = {}
    names = [file.stem for file in files]
    for file in files:
        if file.stem == EVERY or names.count(file.stem) > 1:
            raise BadCase(
                f"{file}: the name {file.stem!r} is taken; call each case file by another, and "
                f"none {EVERY!r}."
            )
        parts[file] = _load(file, generation)
        for case in parts[file]:
            if case.id in seen:
                raise BadCase(
                    f"{file}: the id {case.id!r} is used in {seen[case.id]} too; give each its own."
                )
            seen[case.id] = file
    if not seen:
        raise BadCase(f"{', '.join(map(str, files))}: there is no case; write one a line.")
    return parts


def _load(file: Path, generation: Generation) -> list[Case]:
    titles = generation.store.titles()
    if file.suffix == ".json":
        return load_squad(file, [generation.document(document_id) for document_id in titles])
    cases = load_cases([file])
    lost = sorted({span.document_id for case in cases for span in case.evidence} - titles.keys())
    if lost:
        raise BadCase(
            f"{file} rests on {lost[0]}, which is not in the index; index its documents, or name "
            "cases of yours: footnote eval --cases FILE."
        )
    if wrong := check_gold(file, generation.document):
        raise BadCase(f"{wrong[0]} {len(wrong)} such in all: see `footnote eval check`.")
    return cases
