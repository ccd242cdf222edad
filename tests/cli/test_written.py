"""What `coach analyze` takes for a conversation, and what it says of the rest."""

import json
from pathlib import Path

import pytest

from coach.cli.written import conversation
from coach.demo.player import CallFileError
from tests.cli.test_cli import run


def turns(text: str) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in conversation(text.encode(), "file", {}).spoken()]


def refused(content: bytes) -> str:
    with pytest.raises(CallFileError) as raised:
        conversation(content, "file", {})
    return str(raised.value)


@pytest.mark.parametrize("who", ["client", "Customer", "KUNDE", "Kundin", "klient", "Klientka", "Käufer", "kupujący"])
def test_whoever_buys_is_the_client(who: str) -> None:
    """`customer:` was read as part of what the client says, and so was every line of the seller."""
    assert turns(f"Verkäufer: Hello.\n{who}: Too dear.") == [("seller", "Hello."), ("client", "Too dear.")]


@pytest.mark.parametrize("who", ["seller", "Agent", "rep", "verkäuferin", "Berater", "Sprzedawca", "doradca"])
def test_whoever_sells_is_the_seller(who: str) -> None:
    assert turns(f"{who}:Hello.\nclient :  Too dear.") == [("seller", "Hello."), ("client", "Too dear.")]


def test_a_line_without_a_speaker_goes_on_with_the_turn_before() -> None:
    """It was left out."""
    text = "client:\n  It is fine,\n\nbut too dear. At 12:30 we talk: https://x.y.\nseller: I see."
    assert turns(text) == [
        ("client", "It is fine, but too dear. At 12:30 we talk: https://x.y."),
        ("seller", "I see."),
    ]


def test_lines_of_which_nobody_knows_the_speaker_are_named() -> None:
    todo = "begin a line with `client:` or `seller:`"
    assert refused(b"seller: hello\nAnna Nowak: hi") == f"file: line 2: `Anna Nowak` is no speaker: {todo}"
    assert refused(b"\nAnna: hello\nBob: hi") == f"file: line 2: `Anna` is no speaker: {todo}"
    assert refused(b"Call of Monday\nclient: hi") == f"file: line 1: nobody says it: {todo}"


def test_text_without_speakers_is_the_clients() -> None:
    for text in ("Honestly: that is\ntoo dear.", "[laughs] too dear", "it is 5: 30"):
        assert turns(text) == [("client", text)]


def test_json_may_be_a_call_or_its_turns() -> None:
    """An array was analysed as text, and so was JSON that begins with a byte order mark."""
    listed = [{"speaker": "seller", "text": "hello"}, {"text": "too dear"}]
    for known in (listed, {"turns": listed}):
        content = b"\xef\xbb\xbf" + json.dumps(known, indent=1).encode()
        assert [turn.speaker for turn in conversation(content, "file", {}).spoken()] == ["seller", "client"]
    assert conversation(b'{"text": "x", "language": "pl"}', "file", {"language": "de", "pack": None}).language == "de"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("zu teuer für uns".encode("latin-1"), "file: is not UTF-8: save it as UTF-8"),
        ("zu teuer".encode("utf-16"), "file: is not UTF-8: save it as UTF-8"),
        (b" \n", "file: is empty"),
        (b'{"turns": [', "file: is no JSON: "),
        (b"[]", "file: turns: "),
        (b'[{"speaker": "dog", "text": "x"}]', "file: turns.0.speaker: "),
        (b'{"speaker": "client"}', "file: the file: needs either `text` or `turns`"),
        (b"x" * 8001, "file: text: "),
    ],
)
def test_what_is_no_conversation_is_told_in_a_line(content: bytes, message: str) -> None:
    assert refused(content).startswith(message) and "\n" not in refused(content)


def test_analyze_tells_it_without_a_traceback(tmp_path: Path) -> None:
    file = tmp_path / "call.txt"
    file.write_bytes("client: zu teuer für uns".encode("latin-1"))
    result = run("analyze", str(file))
    assert result.exit_code == 1 and result.output == f"coach: {file}: is not UTF-8: save it as UTF-8\n"
    sentence = run("analyze", "it is too dear")
    assert sentence.exit_code == 1 and "`coach explain`" in sentence.output


def test_analyze_says_which_pack_and_language_it_read_with() -> None:
    call = json.dumps({"vertical": "boats", "turns": [{"text": "It is way too expensive for me."}]})
    result = run("analyze", "-", "--json", stdin=call)
    assert "vertical: no pack `boats`, read with `general`" in result.stderr
    assert json.loads(result.stdout)["turns"][0]["objections"]
    assert "boats" not in run("analyze", "-", "--pack", "saas", stdin=call).output
    assert "language: en\n" in run("analyze", "-", stdin=call).stdout


def test_analyze_takes_a_language_in_any_case_of_letters() -> None:
    for given, expected in (("DE", "de"), ("auto", "en")):
        found = json.loads(run("analyze", "-", "--json", "--language", given, stdin="zu teuer").output)
        assert found["turns"][0]["language"] == expected
    assert run("analyze", "-", "--language", "fr", stdin="x").exit_code == 2


def test_brackets_in_the_text_are_shown() -> None:
    """They were read as the terminal's markup."""
    assert "[laughs]" in run("analyze", "-", stdin="client: [laughs] no [/b]").output
