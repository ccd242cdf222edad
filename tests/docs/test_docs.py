"""The documents are true of the code: nothing undocumented, nothing invented, no dead link."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args, get_origin

import pytest
from prometheus_client import REGISTRY
from pydantic import BaseModel, TypeAdapter

import coach
from coach import taxonomy, telemetry
from coach.detect import archetype, linear, scope, score
from coach.packs import schema
from coach.packs.loader import read_pack
from coach.session import coaching, hearing, meter, nudges, session
from coach.settings import OF_CLIENTS, Settings
from coach.suggest.scripted import Script
from coach.wire import client, server
from coach.wire.codes import CloseCode, ErrorCode
from tests.conftest import Serve

HOUSE = Path(coach.__file__).parent
ROOT = HOUSE.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]
FRAMES: list[type[BaseModel]] = list(
    dict.fromkeys([*get_args(get_args(client.ConversationFrame)[0]), *get_args(get_args(client.WatcherFrame)[0])])
)
EVENTS: list[type[BaseModel]] = list(get_args(get_args(server.ServerEvent)[0]))
ENVELOPE = {"type", "session", "at", "offset", "utterance", "source"}
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """From a heading to the next one of its level."""
    level = re.match(r"#+", title)
    assert level and f"\n{title}\n" in text, f"no heading {title!r}"
    after = text.split(f"\n{title}\n", 1)[1]
    return re.split(rf"^#{{1,{len(level.group())}}} ", after, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str, key: str) -> list[str]:
    """Table rows whose first cell is `key`."""
    return re.findall(rf"^\| `{re.escape(key)}` \|(.*)\|$", text, re.MULTILINE)


def named(text: str) -> set[str]:
    """Every word in backticks, and every word of a list of words there."""
    return {word for code in re.findall(r"`([^`\n]+)`", text) for word in re.findall(r"[\w.]+", code)}


def type_of(model: type[BaseModel]) -> str:
    return str(get_args(model.model_fields["type"].annotation)[0])


def fields(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def nested(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from nested(part)


def values(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from (value for value in get_args(annotation) if isinstance(value, str))
    else:
        for part in get_args(annotation):
            yield from values(part)


def literals(module: ModuleType) -> set[str]:
    return {value for name, kind in vars(module).items() if not name.startswith("_") for value in values(kind)}


# configuration.md


def test_every_setting_is_in_the_table() -> None:
    listed = {
        name for cell in re.findall(r"^\| (`[^|]+) \|", read("configuration.md"), re.MULTILINE) for name in named(cell)
    }
    missing = {str(field.alias) for field in Settings.model_fields.values()} - listed
    assert not missing


def test_every_default_is_right() -> None:
    text = read("configuration.md")
    for field in Settings.model_fields.values():
        for row in rows(text, str(field.alias)):
            shown = row.split("|")[0].strip().strip("`")
            default = field.get_default()
            if default in (None, "", []):
                assert shown == "–", field.alias
            elif isinstance(default, (int, float)):
                assert float(shown) == default, field.alias
            else:
                assert shown == default, field.alias


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_document_names_an_unknown_setting(page: Path) -> None:
    known = {str(field.alias) for field in Settings.model_fields.values()} | {"COACH_PACKZ", *OF_CLIENTS}
    assert set(re.findall(r"\bCOACH_[A-Z_]*[A-Z]", page.read_text(encoding="utf-8"))) <= known


def test_every_word_of_the_script_is_explained() -> None:
    part = section(read("configuration.md"), "## The scripted provider")
    for name, default in asdict(Script()).items():
        assert [row.split("|")[0].strip() for row in rows(part, name)] == [str(default)]


# protocol.md


@pytest.mark.parametrize("model", FRAMES, ids=lambda model: model.__name__)
def test_every_frame_and_its_fields_are_in_the_protocol(model: type[BaseModel]) -> None:
    dashboard = model in get_args(get_args(client.WatcherFrame)[0])
    title = "## Frames from a dashboard" if dashboard else "## Frames from a conversation client"
    found = rows(section(read("protocol.md"), title), type_of(model))
    assert found, type_of(model)
    assert fields(model) - {"type"} <= named(found[0])


@pytest.mark.parametrize("model", EVENTS, ids=lambda model: model.__name__)
def test_every_event_and_its_fields_are_in_the_protocol(model: type[BaseModel]) -> None:
    text = read("protocol.md")
    found = rows(section(text, "## Events"), type_of(model))
    assert found, type_of(model)
    words = named(found[0])
    assert fields(model) - ENVELOPE <= words
    inner = {
        name for field in model.model_fields.values() for part in nested(field.annotation) for name in fields(part)
    }
    assert inner - ENVELOPE <= named(text)


def test_envelope_and_state_are_explained() -> None:
    text = read("protocol.md")
    assert named(section(text, "## Events")) >= ENVELOPE
    assert fields(server.State) <= named(section(text, "### State"))


@pytest.mark.parametrize("model", [*FRAMES, *EVENTS], ids=lambda model: model.__name__)
def test_every_value_a_field_may_have_is_named(model: type[BaseModel]) -> None:
    known = named(read("protocol.md")) | named(read("taxonomy.md"))
    assert {v for field in model.model_fields.values() for v in values(field.annotation)} <= known | {"*"}


def test_durable_events_are_marked() -> None:
    table = section(read("protocol.md"), "## Events")
    for model in EVENTS:
        offset = model.model_fields.get("offset")
        durable = offset is not None and offset.is_required() and model is not server.WelcomeEvent
        mark = rows(table, type_of(model))[0].split("|")[0].strip()
        assert (mark in ("yes", "finals")) == (durable or model is server.TranscriptEvent), type_of(model)


def test_every_error_and_close_code_is_in_the_protocol() -> None:
    text = read("protocol.md")
    errors, closes = section(text, "## Errors"), section(text, "## Close codes")
    for code in get_args(ErrorCode):
        assert rows(errors, code), code
    listed = set(re.findall(r"^\| `(\w+)` \|", errors, re.MULTILINE))
    assert listed == set(get_args(ErrorCode))
    assert {int(code) for code in re.findall(r"(?<![\d–])(4\d{3}) [a-z]", closes)} == {int(code) for code in CloseCode}
    fatal = {int(code) for code in re.findall(r"^\| `\w+` \| (4\d{3}) \|", errors, re.MULTILINE)}
    assert fatal == {int(code) for code in CloseCode}


def test_examples_of_the_protocol_fit_the_models() -> None:
    frames: TypeAdapter[Any] = TypeAdapter(client.ConversationFrame | client.WatcherFrame)
    events: TypeAdapter[Any] = TypeAdapter(server.ServerEvent)
    own = {type_of(model) for model in EVENTS} - {"transcript", "whisper", "raise_hand"}
    count = 0
    for _, language, block in BLOCK.findall(read("protocol.md")):
        if language != "json":
            continue
        for example in _objects(block):
            (events if example["type"] in own else frames).validate_python(example)
            count += 1
    assert count >= 10


def _objects(text: str) -> Iterator[dict[str, Any]]:
    decoder, at = json.JSONDecoder(), 0
    while at < len(text.rstrip()):
        value, at = decoder.raw_decode(text, at)
        yield value
        at += len(text[at:]) - len(text[at:].lstrip())


# taxonomy.md, design.md, metrics.md


def test_every_label_is_in_the_taxonomy() -> None:
    missing = literals(taxonomy) - named(read("taxonomy.md"))
    assert not missing


def test_every_file_is_in_the_folder_map() -> None:
    listed = re.findall(r"^\| `(coach/[\w/]+\.py)` \| \S", section(read("design.md"), "## Folder map"), re.MULTILINE)
    files = {
        str(path.relative_to(ROOT))
        for path in HOUSE.rglob("*.py")
        if path.name != "__init__.py" or len(ast.parse(path.read_text(encoding="utf-8")).body) > 1
    }
    assert len(listed) == len(set(listed))
    assert set(listed) == files


def test_every_weight_and_constant_of_the_meter_is_in_the_metrics() -> None:
    text = read("metrics.md")
    parts = {
        "## `purchase_likelihood` (0–100)": (meter.SIGNAL_WEIGHT, meter.OBJECTION_WEIGHT),
        "## `churn_risk` (0–100)": (meter.CHURN_WEIGHT,),
    }
    for title, tables in parts.items():
        part = section(text, title)
        for table in tables:
            for label, weight in table.items():
                assert [row.split("|")[0].strip() for row in rows(part, label)] == [str(weight)], label
    numbers = set(re.findall(r"\d+(?:\.\d+)?", text))
    for node in ast.walk(ast.parse(Path(meter.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, float) and node.value:
            assert str(node.value) in numbers, node.value
    for constant in (meter.PACE_FINALS, meter.BACKCHANNEL_WORDS, meter.HANDLED_MOST, meter.TALK_RATIO_HIGH):
        assert str(constant) in numbers
    assert fields(server.MetricsEvent) - ENVELOPE <= named(text)


def test_every_nudge_and_its_limits_are_in_the_metrics() -> None:
    part = section(read("metrics.md"), "## Nudges")
    for kind in values(server.NudgeEvent.model_fields["kind"].annotation):
        assert rows(part, kind), kind


def test_every_prometheus_figure_is_in_the_metrics() -> None:
    part = section(read("metrics.md"), "## Prometheus: `GET /metrics`")
    listed = set(re.findall(r"^\| `(coach_\w+)` \|", part, re.MULTILINE))
    assert vars(telemetry)
    known = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in REGISTRY.collect()
        if family.name.startswith("coach_") and not family.name.endswith("_created")
    }
    assert listed == known


def _seconds(ms: float) -> str:
    return f"{ms / 1000:g} s"


def test_constants_stand_where_they_are_explained() -> None:
    """A constant that changes takes its sentence along."""
    attention = section(read("design.md"), "## Attention")
    for name in ("NEW_CARD_MS", "OBJECTION_MS", "OTHER_MS", "ASK_MS", "WAIT_MS"):
        assert _seconds(getattr(coaching, name)) in attention, name
    assert _seconds(session.SELLER_PAUSE_MS) in attention
    assert f"| {coaching.OBJECTION_CARDS}; the oldest" in attention
    assert f"| {coaching.WAITING}; newest signals" in attention
    assert str(coaching.ARCHETYPE_P) in attention
    assert f"at most {schema.SAY_WORDS} words" in attention
    given = section(read("metrics.md"), "## Nudges")
    for ms in (nudges.ANY_MS, nudges.KIND_MS, nudges.MONOLOGUE_MS, nudges.TALK_RATIO_AFTER_MS):
        assert _seconds(ms) in given, ms
    for value in (nudges.TALK_RATIO, nudges.PACE_WPM, nudges.PACE_FINALS, nudges.SWAP_FINALS, nudges.SWAP_SELLING):
        assert f"{value:g}" in given, value
    found = read("detection.md")
    limits = section(found, "## Thresholds")
    assert re.findall(r"\| (0\.\d+) \|$", limits, re.MULTILINE) == [
        str(value) for value in (hearing.ENTER, hearing.SURE, hearing.LEAVE, hearing.CONFIRM)
    ]
    reach = section(found, "## Scope")
    assert f"in German also {scope.AFTER_REACH_DE} after" in reach
    assert f"before, {scope.AFTER_REACH_PAST} after" in reach
    plain = section(found, "### Plain words")
    assert all(f"at most {words} words" in plain for words in score.PLAIN_WORDS.values())
    assert f"| {scope.UNSHARED_REACH}, either side | {scope.UNSHARED} |" in reach
    for name, words in scope._REACH.items():
        marks = re.findall(rf"^\| `{name}` .*\| {words} before.*\| ([\d.]+) \|$", reach, re.MULTILINE)
        assert [float(mark) for mark in marks] == [scope._FACTOR[name]], name
    evidence = section(found, "## Evidence")
    for weight in (score.STRONG, score.STRONG_MORE, score.WEAK, round(1 - score.QUESTION_LOSS / score.STRONG, 2)):
        assert str(weight) in evidence, weight
    assert f"{1 << linear.BITS:,} rows by {len(linear.LABELS)} labels" in section(found, "## The learned half")
    profile = section(found, "## Archetype")
    for value in (archetype.HALF_LIFE_TURNS, archetype.STABLE_CUES, archetype.STABLE_TURNS, archetype.STABLE_P):
        assert str(value) in profile, value
    assert str(archetype.STABLE_LEAD) in profile


# embedding.md


def test_every_attribute_property_and_part_of_the_widget_is_explained() -> None:
    text, web = read("embedding.md"), ROOT / "web"
    element = (web / "widget/element.ts").read_text(encoding="utf-8")
    observed = re.search(r"observedAttributes = \[(.*?)\]", element, re.DOTALL)
    assert observed
    code = element + (web / "widget/floating.ts").read_text(encoding="utf-8")
    read_or_set = re.findall(r"(?:has|get|toggle)Attribute\('([a-z-]+)'", code)
    attributes = {*re.findall(r"'([a-z-]+)'", observed[1]), *read_or_set}
    assert attributes | {"theme"} == set(
        re.findall(r"^\| `([a-z-]+)` \|", section(text, "## Attributes"), re.MULTILINE)
    )
    colours = (web / "shared/colours.css").read_text(encoding="utf-8")
    # The widget has no page of its own.
    properties = set(re.findall(r"^  (--[\w-]+):", colours, re.MULTILINE)) - {"--coach-page"}
    assert properties == set(re.findall(r"`(--[\w-]+)`", section(text, "## Looks")))
    views = [path.read_text(encoding="utf-8") for path in [*web.glob("widget/**/*.tsx"), web / "shared/archetype.tsx"]]
    parts = {part for view in views for part in re.findall(r'\bpart="([a-z]+)"', view)}
    table = section(text, "## Looks").split("| part | what |")[1]
    assert parts == {name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in named(row)}
    assert set(re.findall(r"'(coach:\w+)'", element)) == set(re.findall(r"^\| `(coach:\w+)` \|", text, re.MULTILINE))


# Links and examples


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_resolves(page: Path) -> None:
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", there.read_text(encoding="utf-8")), re.MULTILINE)
            assert anchor in {_anchor(heading) for heading in headings}, target


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.fixture
def kitchens(tmp_path: Path) -> Path:
    """The pack of the guide, in a folder."""
    text = read("packs.md")
    for name, block in re.findall(r"^`(kitchens/[\w./]+)`:\n\n```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(block, encoding="utf-8")
    examples = section(text, "## examples.jsonl: labelled sentences")
    (tmp_path / "kitchens/en/examples.jsonl").write_text(BLOCK.findall(examples)[0][2], encoding="utf-8")
    return tmp_path / "kitchens"


def test_the_pack_of_the_guide_is_valid(kitchens: Path) -> None:
    pack, problems = read_pack(kitchens)
    assert pack is not None and not problems
    assert {path.name for path in (kitchens / "en").iterdir()} >= {"cues.yaml", "playbook.yaml"}


def test_the_mistakes_of_the_guide_are_told_as_it_shows(kitchens: Path) -> None:
    for name, right, wrong in (
        ("cues.yaml", "product_fit:", "productfit:"),
        ("cues.yaml", "no .. for the dishwasher", ".. for the dishwasher"),
        ("responses.yaml", "Let's put", "Let's sit down together right now and put"),
        ("knowledge.yaml", "valid_until: 2027-04-05", "valid_until: 2026-10-31"),
        ("examples.jsonl", '"quote": "that\'s', '"quote": "this is'),
    ):
        path = kitchens / "en" / name
        text = path.read_text(encoding="utf-8")
        assert right in text
        path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    shown = BLOCK.findall(section(read("packs.md"), "## Check"))[0][2].splitlines()
    told = [str(problem) for problem in read_pack(kitchens, date(2026, 11, 27))[1]]
    assert [line.replace(f"{kitchens.parent}/", "packs/") for line in told] == shown[1:-1]
    assert shown[-1] == "1 pack, 4 errors, 1 warning"


async def test_the_bridge_of_the_guide_works(serve: Serve) -> None:
    code = next(block for _, language, block in BLOCK.findall(read("calls.md")) if language == "python")
    names: dict[str, Any] = {"__name__": "bridge"}
    exec(compile(code, "calls.md", "exec"), names)
    async with serve() as live:
        assert await names["main"](live.address, "call-81") == 2
        watcher = await live.watch("call-81")
        state = watcher.welcome["state"]
        assert state["outcome"] == "next_step"
        assert [event["category"] for event in state["objections"]] == ["price"]
