"""The example for CI: its commands as they stand there, on a folder and cases of one's own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

STEPS = yaml.safe_load((ROOT / "docs" / "grounding.yml").read_text())["jobs"]["grounding"]["steps"]
ANSWER = "The mill of Larkford was built by Ada Finch in 1871."


def _folder(folder: Path, gate: float) -> Path:
    (folder / "documents").mkdir()
    (folder / "documents" / "mill.txt").write_text(f"{ANSWER} It burnt down in 1903.")
    quote = {"document_id": "mill.txt", "start": 0, "end": len(ANSWER), "quote": ANSWER}
    case = {"id": "1", "question": "Who built the mill of Larkford?", "answerable": True}
    line = case | {"evidence": [quote], "answers": ["Ada Finch"]}
    (folder / "cases.jsonl").write_text(json.dumps(line) + "\n")
    (folder / "gates.toml").write_text(f'[all]\n"quote exactness" = 1.0\n"joint score" = {gate}\n')
    (folder / ".venv").mkdir()
    (folder / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    return folder


@pytest.mark.parametrize(("gate", "ends"), [(1.0, 0), (1.1, 1)])
def test_its_commands_work_and_the_gate_ends_the_job(
    gate: float, ends: int, tmp_path: Path
) -> None:
    folder, summary = _folder(tmp_path, gate), tmp_path / "summary.md"
    environment = os.environ | {"GITHUB_STEP_SUMMARY": str(summary), "PYTHONPATH": str(ROOT)}
    steps = [step["run"] for step in STEPS if "run" in step and step["name"] != "Install"]
    codes = [
        subprocess.run(["bash", "-ec", step], cwd=folder, env=environment, check=False).returncode
        for step in steps
    ]
    assert codes == [0, 0, ends, 0]
    assert "joint score" in summary.read_text()
    assert list((folder / "runs").glob("*/report.html"))
