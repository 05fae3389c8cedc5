"""Which service a run reaches: its address, its key, and who may send a bill."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.front.connecting import asks_elsewhere, connection_of, is_paid
from runner.roles import Connection, Service
from runner.values.problem import Rejected
from runner.workflow.load import load
from runner.workflow.spec import Workflow

OURS, THEIRS = "AIzaCANARY-0123456789", "sk-canary-0123456789abcdef"
GEMINI = "- {id: a, prompt: Look.}"
LOCAL = "- {id: b, prompt: Look., provider: openai, model: eyes}"
SIMULATED = "- {id: c, prompt: Look., provider: simulator}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with both keys in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEMINI_API_KEY", OURS)
    monkeypatch.setenv("OPENAI_API_KEY", THEIRS)
    return tmp_path


def workflow(folder: Path, *steps: str) -> Workflow:
    """A workflow with these steps."""
    text = "\n".join(["version: 1", "images: '*.png'", "steps:", *steps])
    (folder / "w.workflow.yaml").write_text(text)
    return load(folder / "w.workflow.yaml", environ={})


def reached(of: Workflow, base_url: str | None = None) -> dict[str, tuple[str | None, str | None]]:
    """The address and the key that each provider gets."""
    connection = connection_of(of, base_url, "v1beta", None)
    own = {step.provider: connection.of(step.provider) for step in of.steps}
    return {name: (each.base_url, each.key) for name, each in own.items()}


def test_an_address_on_the_command_line_is_that_of_the_service_that_is_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It wins over the environment's; each service has its own key."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:2")
    here = "http://127.0.0.1:3/v1/"
    assert reached(workflow(folder, GEMINI), here) == {"gemini": (here, OURS)}
    assert reached(workflow(folder, LOCAL), here) == {"openai": (here[:-1], THEIRS)}
    assert reached(workflow(folder, LOCAL, SIMULATED), here) == {
        "openai": (here[:-1], THEIRS),
        "simulator": (None, None),
    }
    both = workflow(folder, GEMINI, LOCAL)
    assert reached(both) == {
        "gemini": ("http://127.0.0.1:2", OURS),
        "openai": ("http://127.0.0.1:1/v1", THEIRS),
    }
    with pytest.raises(Rejected, match="asks two services"):
        connection_of(both, here, "v1beta", None)


def test_a_workflow_for_a_local_model_needs_no_key_at_all(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither Gemini's nor another."""
    monkeypatch.delenv("GEMINI_API_KEY")
    monkeypatch.delenv("OPENAI_API_KEY")
    here = "http://127.0.0.1:3/v1"
    assert reached(workflow(folder, LOCAL), here) == {"openai": (here, None)}


@pytest.mark.parametrize(
    ("address", "paid"),
    [
        ("http://127.0.0.1:11434/v1", False),
        ("http://localhost:11434/v1", False),
        ("http://[::1]:11434/v1", False),
        ("http://192.168.1.7:8000/v1", False),
        ("http://10.0.0.7:8000/v1", False),
        ("http://gpu-box:8000/v1", False),
        ("http://gpu-box.local/v1", False),
        ("https://api.openai.com/v1", True),
        ("https://8.8.8.8/v1", True),
        ("https://localhost.example.com/v1", True),
    ],
)
def test_a_server_of_ones_own_sends_no_bill(address: str, paid: bool, folder: Path) -> None:
    """On this machine, or in a private network; where the requests go is told in either case."""
    local = workflow(folder, LOCAL)
    connection = Connection(services={"openai": Service(address)})
    assert is_paid(local, connection) is paid
    assert asks_elsewhere(local, connection)


def test_an_address_that_holds_a_secret_is_refused_wherever_it_comes_from(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is shown and written down."""
    from click.testing import CliRunner

    from runner.cli import group

    workflow(folder, LOCAL)
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:1/v1?key={THEIRS}")
    outcome = CliRunner().invoke(group, ["run", "w.workflow.yaml"], prog_name="askpix")
    assert outcome.exit_code == 2
    assert "OPENAI_BASE_URL" in outcome.output
    assert THEIRS not in outcome.output
