"""The widget in Firefox, under the strictest policy: an answer, its card, its source, feedback."""

import os
import shutil
from pathlib import Path

import pytest
from bidi import firefox
from conftest import Site

pytestmark = pytest.mark.browser

ROOT = "document.querySelector('footnote-widget').shadowRoot"
ASK = f"""(() => {{
    {ROOT}.querySelector(".launcher").click();
    {ROOT}.querySelector(".input").value = "Which office does Carlos Marroquín head?";
    {ROOT}.querySelector(".send").click();
}})()"""


def test_a_cited_answer_in_firefox(site: Site, tmp_path: Path) -> None:
    executable = shutil.which("firefox-esr") or shutil.which("firefox")
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have a Firefox")
        pytest.skip("no Firefox on this machine")
    with firefox(executable, tmp_path) as window:
        window.open(site.host_page)
        assert window.evaluate("window.crossOriginIsolated")
        window.evaluate(ASK)
        window.wait_for(f"{ROOT}.querySelector('.feedback')")
        window.wait_for(f"{ROOT}.querySelector('.suggested')")
        said = window.evaluate(f"{ROOT}.querySelector('.prose').textContent")
        assert "Social Fabric Reconstruction Unit" in said
        assert "[1]" in said
        hover = "new PointerEvent('pointerenter', { pointerType: 'mouse' })"
        window.evaluate(f"{ROOT}.querySelector('.marker').dispatchEvent({hover})")
        assert window.evaluate(f"{ROOT}.querySelector('.card').matches(':popover-open')")
        window.evaluate(f"{ROOT}.querySelector('.choice').click()")
        window.wait_for(f"{ROOT}.querySelector('.feedback').textContent.startsWith('Thank')")
        window.evaluate(f"{ROOT}.querySelector('.marker').click()")
        window.wait_for(f"{ROOT}.querySelector('.text mark')")
        top = f"{ROOT}.querySelector('.text mark').getBoundingClientRect().top"
        assert 0 < window.evaluate(top) < window.evaluate("innerHeight")
        background = f"getComputedStyle({ROOT}.querySelector('.panel')).backgroundColor"
        assert window.evaluate(background) in ("rgb(251, 250, 247)", "rgb(22, 24, 28)")
        assert [text for text in window.said if "Content-Security-Policy" in text] == []
        assert window.said == []
