"""The command line, in process where that tells the same as a process of its own."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

import footnote

HEAVY = ("torch", "chromadb", "llama_index", "gradio", "transformers", "sentence_transformers")
QUESTION = "How many homicides did El Salvador have in January 2012?"
HIT = {"rank", "score", "document_id", "start", "end", "text", "title", "found_by", "token_count"}
ANSWER = {
    *("question", "standalone_question", "status", "sentences", "citations", "hits", "confidence"),
    *("notices", "follow_ups", "model", "usage", "seconds", "problem"),
}
CASE = {"id": "no-1", "question": "How tall is Mount Everest?", "answerable": False}


class Shell:
    """Runs a command as a shell would and keeps what it said."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str | Path) -> int:
        self._capsys.readouterr()
        try:
            code = footnote.main([str(argument) for argument in arguments])
        except SystemExit as stopped:  # argparse
            code = int(stopped.code or 0)
        self.out, self.err = self._capsys.readouterr()
        return code

    def json(self, *arguments: str | Path) -> dict[str, Any]:
        assert self(*arguments, "--json") == 0, self.err
        assert self.err == ""
        assert self.out.count("\n") == 1
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value

    def refuses(self, *arguments: str | Path) -> str:
        """Run what cannot be run; return the one sentence it says."""
        assert self(*arguments) == 2
        assert self.out == ""
        return sentence(self.err)


def sentence(err: str) -> str:
    assert err.startswith("footnote: ")
    assert err.endswith(".\n")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


def process(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "footnote", *map(str, arguments)]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def shell(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell(capsys)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "chess.txt").write_text("Amina Okello founded the chess club in 1974.\n")
    (tmp_path / "papers" / "photo.raw").write_text("x")
    return tmp_path / "papers"


@pytest.mark.parametrize("code", ["import footnote", "import footnote; footnote.main(['--help'])"])
def test_nothing_heavy_is_loaded_for_help(code: str, tmp_path: Path) -> None:
    probe = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print('LOADED', [m for m in {HEAVY} if m in sys.modules]))\n"
        f"{code}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("LOADED []\n")
    assert done.stderr == ""


def test_no_command_prints_help(shell: Shell) -> None:
    assert shell() == 0
    for command in "index search ask serve mcp eval show widget models doctor".split():
        assert f"    {command} " in shell.out


def test_unknown_command_is_wrong_use(shell: Shell) -> None:
    assert shell("frobnicate") == 2
    assert shell.out == ""


def test_empty_folder_is_refused(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "holds no files" in shell.refuses("index", "empty")


def test_missing_folder_is_refused(shell: Shell) -> None:
    assert "nowhere does not exist" in shell.refuses("index", "nowhere")


def test_folder_of_one_damaged_pdf_is_refused_with_its_name(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "scan.pdf").write_bytes(b"%PDF-1.4 junk")
    assert "scan.pdf: " in shell.refuses("index", "bad")
    assert not (tmp_path / ".footnote" / "CURRENT").exists()


def test_damaged_pdf_is_one_sentence_in_a_process_too(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "scan.pdf").write_bytes(b"%PDF-1.4 junk")
    done = process("index", "bad", folder=tmp_path)
    assert done.returncode == 2
    sentence(done.stderr)


@pytest.mark.parametrize(
    "command", [["search", "x"], ["ask", "x"], ["show"], ["serve"], ["eval", "check"]]
)
def test_without_an_index_the_command_that_builds_it_is_named(
    command: list[str], shell: Shell
) -> None:
    assert "`footnote index`" in shell.refuses(*command)


def test_unknown_provider_is_told_the_known_ones(shell: Shell, bundled_index: Path) -> None:
    said = shell.refuses("ask", "Who?", "--index", bundled_index, "--model", "gpt:4")
    assert "openai-compatible:NAME" in said


def test_model_without_a_base_url_is_told_how_to_give_one(
    shell: Shell, bundled_index: Path
) -> None:
    model = ("--model", "openai-compatible:x")
    for command in (["ask", "Who?"], ["serve"]):
        said = shell.refuses(*command, "--index", bundled_index, *model)
        assert "FOOTNOTE_CHATBOT_BASE_URL" in said


@pytest.mark.parametrize("command", ["ask", "search"])
def test_question_of_wrong_length_is_refused(command: str, shell: Shell) -> None:
    assert "50,000 characters" in shell.refuses(command, "x" * 50_000)
    assert "empty" in shell.refuses(command, "  ")


def test_ask_wants_one_question_or_a_batch(shell: Shell) -> None:
    assert "--batch" in shell.refuses("ask")
    assert "--batch" in shell.refuses("ask", "Who?", "--batch", "file.jsonl")
    assert "none.jsonl cannot be read" in shell.refuses("ask", "--batch", "none.jsonl")


def test_unknown_document_is_refused(shell: Shell, bundled_index: Path) -> None:
    said = shell.refuses("show", "no/such.txt", "--index", bundled_index)
    assert "'no/such.txt'" in said
    assert "footnote show" in said


@pytest.mark.parametrize("command", ["search", "ask"])
def test_what_is_searched_must_be_there(shell: Shell, bundled_index: Path, command: str) -> None:
    asked = (command, "Who coined the term narco-peace?", "--index", bundled_index)
    assert "no document is in a folder 'nope'" in shell.refuses(*asked, "--folder", "nope")
    assert "no document is called 'nope'" in shell.refuses(*asked, "--document", "nope")
    assert shell(*asked, "--folder", "/mexico/") == 0


def test_missing_case_file_is_refused(shell: Shell, bundled_index: Path) -> None:
    said = shell.refuses("eval", "--cases", "none.jsonl", "--index", bundled_index)
    assert "none.jsonl cannot be read" in said


@pytest.mark.parametrize("command", [["models"], ["show"], ["doctor"], ["ask", "x"]])
def test_broken_settings_file_is_one_sentence(
    command: list[str], shell: Shell, tmp_path: Path
) -> None:
    (tmp_path / "footnote.toml").write_text("[chatbot\n")
    assert "footnote.toml" in shell.refuses(*command)


def test_bad_setting_in_the_environment_is_named(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_CHATBOT_PORT", "abc")
    assert "chatbot.port" in shell.refuses("doctor")


def test_taken_port_is_one_sentence(tmp_path: Path, bundled_index: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = process("serve", "--port", port, "--index", bundled_index, folder=tmp_path)
    assert done.returncode == 2
    starting, said = done.stderr.splitlines(keepends=True)
    assert starting.startswith("Starting")
    assert f"port {port} on 127.0.0.1 is taken" in sentence(said)
    assert done.stdout == ""


def test_port_that_is_none_is_wrong_use(shell: Shell) -> None:
    assert shell("serve", "--port", "99999") == 2
    assert "99999" in shell.err


def test_wrong_number_is_explained_without_our_names(shell: Shell) -> None:
    assert shell("search", "x", "-k", "0") == 2
    assert "_positive" not in shell.err


def test_index_folder_that_is_a_file_is_refused(shell: Shell, folder: Path) -> None:
    shell.refuses("index", folder, "--index", folder / "chess.txt")


def test_index_reports_then_finds_nothing_to_do(shell: Shell, folder: Path) -> None:
    first = shell.json("index", folder)
    seconds = first.pop("seconds")
    assert seconds > 0
    counts = {"documents": 1, "passages": 1, "added": 1, "updated": 0, "removed": 0}
    (skipped,) = first.pop("skipped")
    assert first == {**counts, "unchanged": 0, "duplicates": []}
    assert skipped["path"] == "photo.raw"
    assert skipped.keys() == {"path", "reason"}

    second = shell.json("index", folder)
    assert second.keys() == {*first, "skipped", "seconds"}
    assert (second["added"], second["updated"], second["unchanged"]) == (0, 0, 1)

    assert shell("index", folder) == 0
    assert shell.out.startswith("1 document, 1 passage (0 added, 0 updated, 0 removed, 1 unch")
    assert "skipped photo.raw: " in shell.out
    assert shell.err == ""


def test_search_prints_query_and_hits(shell: Shell, bundled_index: Path) -> None:
    found = shell.json("search", " truce ", "-k", "3", "--index", bundled_index)
    assert found.keys() == {"query", "hits"}
    assert found["query"] == "truce"
    assert [hit["rank"] for hit in found["hits"]] == [1, 2, 3]
    assert all(hit.keys() >= HIT for hit in found["hits"])


def test_citations_are_slices_of_what_show_prints(shell: Shell, bundled_index: Path) -> None:
    answer = shell.json("ask", QUESTION, "--index", bundled_index)
    assert answer.keys() == ANSWER
    assert answer["status"] == "answered"
    assert len(answer["hits"]) == 10
    for cited in (*answer["citations"], *answer["hits"]):
        shown = shell.json("show", cited["document_id"], "--index", bundled_index)
        assert shown.keys() == {"id", "title", "text", "sha256"}
        words = cited.get("quote", cited.get("text"))
        assert shown["text"][cited["start"] : cited["end"]] == words
        assert shown["title"] == cited["title"]


def test_ask_shows_people_a_footnote(shell: Shell, bundled_index: Path) -> None:
    assert shell("ask", QUESTION, "--index", bundled_index) == 0
    assert "[1]" in shell.out
    assert "411" in shell.out
    assert shell.err == ""


def test_abstaining_is_a_good_end(shell: Shell, bundled_index: Path) -> None:
    assert shell("ask", "How tall is Mount Everest?", "--index", bundled_index) == 0
    assert shell.out.startswith("The documents don't say.")


def test_flag_wins_over_environment(
    shell: Shell, bundled_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_CHATBOT_MODEL", "gpt:4")
    monkeypatch.setenv("FOOTNOTE_INDEX_FOLDER", str(bundled_index))
    model = "echo:The moon is made of cheese."
    answer = shell.json("ask", QUESTION, "--model", model)
    assert answer["notices"] == ["left_out"]
    assert "'gpt:4'" in shell.refuses("ask", QUESTION)


def test_show_without_a_document_lists_them(shell: Shell, bundled_index: Path) -> None:
    listed = shell.json("show", "--index", bundled_index)["documents"]
    assert "brazil/why-murders-fell.txt" in [document["id"] for document in listed]
    assert all(document.keys() == {"id", "title"} for document in listed)


def test_models_are_listed_with_what_they_are(shell: Shell) -> None:
    models = shell.json("models")["models"]
    assert models[0]["model"] == "quotes:"
    assert "openai-compatible:NAME" in [model["model"] for model in models]
    assert all(model["says"] for model in models)


def test_doctor_looks_at_everything(shell: Shell, bundled_index: Path, tmp_path: Path) -> None:
    (tmp_path / "footnote.toml").write_text('[corpus]\nfolders = ["."]\n')
    found = shell.json("doctor", "--index", bundled_index)
    assert found.keys() == {"documents", "index", "model", "origins"}
    assert all(finding["good"] is True and finding["says"] for finding in found.values())
    assert shell("doctor", "--index", "nowhere") == 2
    assert "BAD  index" in shell.out


def test_widget_snippet_is_for_people_and_programs(shell: Shell) -> None:
    command = ("widget", "snippet", "--site", "https://example.org")
    assert shell.json(*command)["tag"].startswith("<script src=")
    assert shell(*command) == 0
    assert "connect-src https://" in shell.out
    assert "is no origin" in shell.refuses("widget", "snippet", "--site", "example")


def test_batch_answers_each_good_line(shell: Shell, bundled_index: Path, tmp_path: Path) -> None:
    lines = [
        {"id": "one", "question": QUESTION},
        {"id": 2, "question": "And in February?", "history": [{"question": QUESTION}]},
        {"id": "empty", "question": " "},
        {"id": "last", "question": "How tall is Mount Everest?", "history": []},
    ]
    file = tmp_path / "asked.jsonl"
    rows = [json.dumps(line) for line in lines]
    file.write_text("\n\n".join([*rows[:2], "{broken", *rows[2:]]))
    assert shell("ask", "--batch", file, "--json", "--index", bundled_index) == 2
    answers = [json.loads(line) for line in shell.out.splitlines()]
    assert [answer["id"] for answer in answers] == ["one", 2, "last"]
    assert all(answer.keys() == {"id", *ANSWER} for answer in answers)
    assert "homicides" in answers[1]["standalone_question"]
    assert [answer["status"] for answer in answers][::2] == ["answered", "not_in_documents"]
    broken, empty = shell.err.splitlines()
    assert broken.startswith(f"footnote: {file}:5: ")
    assert f"{file}:7: the question is empty" in empty


def test_eval_leaves_a_run_and_ends_by_its_gates(
    shell: Shell, bundled_index: Path, tmp_path: Path
) -> None:
    cases, gates, runs = tmp_path / "cases.jsonl", tmp_path / "gates.toml", tmp_path / "runs"
    cases.write_text(json.dumps(CASE) + "\n")
    gates.write_text('[all]\n"joint score" = 1.0\n"hallucination rate" = 0.0\n')
    command = ("eval", "--cases", cases, "--gates", gates, "--runs", runs)
    assert shell(*command, "--index", bundled_index) == 0
    assert "met: joint score (all) is 1.000" in shell.out
    (run,) = runs.iterdir()
    left = {file.name for file in run.iterdir()}
    assert {"results.jsonl", "times.jsonl", "run.json", "report.html", "report.md"} <= left
    gates.write_text('[cases]\n"gold-span hit" = 0.5\n')  # applies to no case here
    assert shell(*command, "--index", bundled_index) == 1
    assert "BELOW GATE: gold-span hit (cases)" in shell.out
    first, second = (each / "results.jsonl" for each in sorted(runs.iterdir()))
    assert first.read_bytes() == second.read_bytes()
    assert shell("eval", "compare", first.parent, second.parent) == 0
    assert "None flipped." in shell.out


def test_eval_of_two_models_compares_them(
    shell: Shell, bundled_index: Path, tmp_path: Path
) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text(json.dumps(CASE) + "\n")
    models = ("--model", "quotes:", "--model", "echo:The sky is blue.", "--judge", "echo:[]")
    command = ("eval", "--cases", cases, "--runs", tmp_path, *models, "--json")
    shell(*command, "--index", bundled_index)
    told = json.loads(shell.out)
    assert [run["run"]["model"] for run in told["runs"]] == ["quotes:", "echo:The sky is blue."]
    assert len(told["compared"]) == 1


def test_eval_says_that_cases_are_about_other_documents(
    shell: Shell, bundled_index: Path, tmp_path: Path
) -> None:
    cases, quote = tmp_path / "cases.jsonl", {"document_id": "x.md", "start": 0, "end": 1}
    line = CASE | {"answerable": True, "evidence": [quote | {"quote": "x"}]}
    cases.write_text(json.dumps(line) + "\n")
    said = shell.refuses("eval", "--cases", cases, "--index", bundled_index)
    assert "rests on x.md, which is not in the index" in said


def test_eval_schema_is_one_of_json(shell: Shell, bundled_index: Path) -> None:
    assert shell("eval", "schema", "--index", bundled_index) == 0
    assert "question" in json.loads(shell.out)["required"]


def test_eval_check_proves_cases(shell: Shell, bundled_index: Path, tmp_path: Path) -> None:
    assert shell("eval", "check", "--index", bundled_index) == 0
    assert "cases hold" in shell.out
    bad = tmp_path / "bad.jsonl"
    bad.write_text(json.dumps(CASE | {"answerable": True}) + "\n")
    assert shell("eval", "check", "--cases", bad, "--index", bundled_index) == 1
    assert "bad.jsonl:1 (no-1)" in shell.out


def test_entry_point_is_main() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"footnote": "footnote:main"}
    assert "Private :: Do Not Upload" in project["classifiers"]
