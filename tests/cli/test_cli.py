"""The commands, as a user runs them."""

import json
import shutil
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from coach.auth import Authenticator
from coach.cli import app
from coach.cli import replay as replaying
from coach.demo.player import CALLS
from coach.detect.files import MODELS

CALL = {
    "language": "en",
    "outcome": "won",
    "turns": [
        {"speaker": "seller", "text": "thanks for calling", "start_ms": 0, "end_ms": 900},
        {"speaker": "client", "text": "it is way too expensive", "start_ms": 1000, "end_ms": 2500},
    ],
}


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, words, input=stdin)


@pytest.fixture
def call(tmp_path: Path) -> str:
    file = tmp_path / "call.json"
    file.write_text(json.dumps(CALL))
    return str(file)


def test_migrate_says_what_it_did() -> None:
    assert "migrated from nothing" in run("migrate").output
    assert "up to date" in run("migrate").output


def test_token_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("token", "--role", "coach", "--sub", "eva").exit_code == 1
    monkeypatch.setenv("JWT_SECRET", "s" * 40)
    made = run("token", "--role", "coach", "--sub", "eva", "--team", "north").output.strip()
    who = Authenticator("s" * 40).principal(made)
    assert (who.subject, who.role, who.team) == ("eva", "coach", "north")
    assert "--role" in run("token", "--role", "king", "--sub", "eva").output
    monkeypatch.setenv("JWT_SECRET", "short")
    made = run("token", "--role", "coach", "--sub", "eva").output
    assert made.count("\n") == 1 and Authenticator("short").principal(made.strip()).role == "coach"
    assert "shorter than 32" in run("doctor").output


def test_analyze_reads_calls_lines_and_plain_text(call: str, tmp_path: Path) -> None:
    assert "price" in run("analyze", call).output
    lines = "seller: hello\nclient: it is way too expensive\n"
    assert "price" in run("analyze", "-", stdin=lines).output
    found = json.loads(run("analyze", "-", "--json", stdin="to jest dla mnie za drogo").output)
    assert found["turns"][0]["objections"][0]["category"] == "price"
    bad = tmp_path / "bad.json"
    bad.write_text('{"turns": []}')
    assert "turns" in run("analyze", str(bad)).output
    assert run("analyze", "nowhere.json").exit_code == 1


@pytest.mark.parametrize("file", sorted(CALLS.glob("*.json")), ids=lambda path: path.stem)
def test_replay_offline_is_identical(file: Path) -> None:
    result = run("replay", "--offline", str(file))
    assert result.exit_code == 0 and "identical" in result.output


def test_replay_names_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('{"turns": [{"speaker": "dog", "text": "x", "start_ms": 0, "end_ms": 1}]}')
    result = run("replay", str(bad))
    assert result.exit_code == 1 and "turns.0.speaker" in result.output
    bad.write_text("client: it is way too expensive")
    assert "`coach analyze`" in run("replay", str(bad)).output


def test_replay_without_a_server_says_so_at_once_and_gives_up(
    call: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(replaying, "REACH_S", 1.0)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        result = run("replay", call, "--url", url)
    assert caplog.messages == [f"cannot reach {url}: Connection refused, trying again"]
    assert result.exit_code == 1 and f"cannot reach {url}: Connection refused; gave up after 1 s" in result.output


def test_packs_check_explains_with_file_and_line(tmp_path: Path) -> None:
    assert run("packs", "check").exit_code == 0
    pack = tmp_path / "mine"
    (pack / "en").mkdir(parents=True)
    (pack / "pack.yaml").write_text("id: mine\nversion: 1\nnames: {en: Mine}\n")
    (pack / "en" / "cues.yaml").write_text("objections:\n  price:\n    strong: ['..', cheap]\n    stronk: [x]\n")
    (pack / "en" / "responses.yaml").write_text(
        "objections:\n  price:\n    default:\n      title: T\n      say: "
        + "word " * 19
        + "\n      facts: ['@market.none']\n"
    )
    (pack / "en" / "knowledge.yaml").write_text(
        "market:\n- {id: old, text: x, source: y, valid_until: 2020-01-01}\npromotions: [\n"
    )
    result = run("packs", "check", str(pack))
    assert result.exit_code == 1
    for expected in ("cues.yaml:3", "cues.yaml:4", "stronk", "responses.yaml:5", "19 words", "knowledge.yaml:"):
        assert expected in result.output, result.output


def test_packs_check_warns_of_outdated_facts(tmp_path: Path) -> None:
    pack = tmp_path / "mine"
    (pack / "en").mkdir(parents=True)
    (pack / "pack.yaml").write_text("id: mine\nversion: 1\nnames: {en: Mine}\n")
    (pack / "en" / "knowledge.yaml").write_text("market:\n- {id: old, text: x, source: y, valid_until: 2020-01-01}\n")
    result = run("packs", "check", str(pack))
    assert result.exit_code == 0 and "ran out" in result.output and "1 pack, 0 errors, 1 warning\n" in result.output


def test_an_impossible_date_is_a_line_in_every_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`2026-02-30` ended `packs check`, `explain` and `doctor` in a traceback."""
    pack = tmp_path / "packs" / "mine"
    (pack / "en").mkdir(parents=True)
    (pack / "pack.yaml").write_text("id: mine\nversion: 1\nnames: {en: Mine}\n")
    (pack / "en" / "knowledge.yaml").write_text("market:\n- {id: a, text: x, source: y, valid_until: 2026-02-30}\n")
    monkeypatch.setenv("COACH_PACKS", str(pack.parent))
    for words in (("packs", "check"), ("explain", "too expensive")):
        result = run(*words)
        assert result.exit_code == 1 and "knowledge.yaml:2: market.0.valid_until: `2026-02-30`" in result.output
    result = run("doctor")
    assert result.exit_code == 1 and "1 error: run `coach packs check" in " ".join(result.output.split())


def test_packs_check_tells_of_what_was_meant_as_a_pack(tmp_path: Path) -> None:
    (tmp_path / "mine" / "en").mkdir(parents=True)
    (tmp_path / "mine" / "pack.yml").write_text("id: mine\n")
    (tmp_path / "mine" / "en" / "cues.yaml").write_text("")
    result = run("packs", "check", str(tmp_path))
    assert result.exit_code == 1 and "did you mean `pack.yaml`?" in result.output


def test_doctor_tells_what_is_broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert run("doctor").exit_code == 0
    assert not (tmp_path / "coach.db").exists(), "looking makes nothing"
    monkeypatch.setenv("COACH_PROVIDER", "scripted")
    broken = run("doctor")
    assert broken.exit_code == 1 and "COACH_PROVIDERS" in broken.output


def test_serve_refuses_what_it_cannot_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "PostgreSQL" in run("serve", "--workers", "2").output
    assert "JWT_SECRET" in run("serve", "--host", "0.0.0.0").output
    monkeypatch.setenv("COACH_PACKS", "/nowhere")
    assert run("serve", "--port", "0").exit_code == 1


def test_serve_tells_a_taken_port_in_a_line_and_before_the_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COACH_PACKS", "/nowhere")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run("serve", "--port", port)
    assert result.exit_code == 1
    assert result.output.startswith(f"coach: cannot listen on 127.0.0.1:{port}: ") and result.output.count("\n") == 1


def test_learn_says_in_a_line_what_is_missing_and_makes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "COACH_MODELS" in run("learn").output
    monkeypatch.setenv("COACH_MODELS", str(tmp_path / "models"))
    gone = run("learn")
    assert gone.exit_code == 1 and gone.output.count("\n") == 1 and "is not there" in gone.output
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "coach.db").touch()
    assert "run `coach migrate`" in run("learn").output
    run("migrate")
    assert "team north has no judged calls" in run("learn", "--team", "north").output


def test_a_model_that_is_none_is_told_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "de.npz").write_bytes(b"PK\x03\x04 and no more")
    monkeypatch.setenv("COACH_MODELS", str(tmp_path))
    for words in (("explain", "zu teuer"), ("doctor",)):
        assert "de.npzisnomodel" in "".join(run(*words).output.split())
    shutil.copy(MODELS / "de.npz", tmp_path)
    assert "learned from calls: de" in run("doctor").output


def test_explain_names_what_fired_and_why() -> None:
    found = json.loads(run("explain", "to jest dla mnie za drogo", "--language", "pl", "--json").output)
    best = found["labels"][0]
    assert (best["label"], best["found"]) == ("price", True) and best["quote"] in "to jest dla mnie za drogo"
    assert best["features"] and {"price"} <= {phrase["label"] for phrase in found["phrases"]}
    denied = json.loads(run("explain", "it's not that it is too expensive", "--json").output)
    assert any(phrase["label"] == "price" and phrase["counts"] == 0 for phrase in denied["phrases"])
    assert "probability" in run("explain", "it is too expensive", "--seller", "what do you think").output
    assert run("explain", "x", "--language", "fr").exit_code == 2 and run("explain", "x", "--pack", "y").exit_code == 2
