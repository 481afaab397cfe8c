"""One contract for every provider behind HTTP, spoken to over real HTTP on loopback."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from threading import Event

import pytest
from scripted import CUT, KEY, PROVIDERS, Scripted, Step, serving

from chatbot.answer import Answer, Usage, Wrote, as_json
from chatbot.ask import answer_question, stream_answer
from chatbot.errors import ModelUnavailable, Stopped
from chatbot.models import PROVIDERS as PROVIDER_TABLE
from chatbot.models import Limits, Model, ModelSettings, Piece, load_model
from chatbot.models.calls import FAILURES_BEFORE_REST, LONGEST_REPLY
from chatbot.reading import Reader

QUESTION = "How many homicides did El Salvador have in January 2012?"
COUNTED = "The country had counted 411 homicides in January 2012 and 402 in February 2012."
RECORDED = "El Salvador recorded 186 homicides in the first 21 days of March 2012."
CHEESE = "The moon is made of cheese."
SOON = Limits(
    connect_seconds=1.0, first_token_seconds=0.7, between_tokens_seconds=0.7, total_seconds=2.5
)
LATE = 8.0  # seconds; every limit is over by then
PATIENT = Limits(first_token_seconds=LATE, between_tokens_seconds=LATE, total_seconds=2 * LATE)
ENDLESS = Limits(first_token_seconds=60.0, between_tokens_seconds=60.0, total_seconds=120.0)


@pytest.fixture(scope="module", autouse=True)
def _clients_are_loaded() -> None:
    """Loading them takes seconds, and belongs to no limit."""
    with pytest.MonkeyPatch.context() as environment:
        for provider in PROVIDERS:
            environment.setenv(PROVIDER_TABLE[provider].key or "NO_KEY", KEY)
            load_model(f"{provider}:tiny", ModelSettings(base_url="http://127.0.0.1:9/v1"))


@pytest.fixture(params=PROVIDERS)
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OLLAMA_API_KEY"):
        monkeypatch.setenv(name, KEY)
    with serving(request.param) as script:
        yield script


def _model(server: Scripted, limits: Limits = PATIENT, base_url: str = "") -> Model:
    settings = ModelSettings(base_url=base_url or server.base_url, **limits.model_dump())
    model = load_model(f"{server.provider}:tiny", settings)
    assert model is not None
    return model


def _pieces(server: Scripted, limits: Limits = PATIENT) -> list[Piece]:
    return list(_model(server, limits).stream("hello", Event()))


def _text(server: Scripted) -> str:
    return "".join(piece.text for piece in _pieces(server))


def _failure(server: Scripted, limits: Limits = SOON) -> ModelUnavailable:
    began = time.monotonic()
    with pytest.raises(ModelUnavailable) as caught:
        _pieces(server, limits)
    assert time.monotonic() - began < LATE
    said = str(caught.value)
    assert said.count(".") <= 2  # one sentence; [chatbot] base_url may hold none
    assert f"'{server.provider}:tiny'" in said
    assert KEY not in said
    return caught.value


def _answer(server: Scripted, reader: Reader) -> Answer:
    return answer_question(QUESTION, reader=replace(reader, model=_model(server)))


def test_reply_arrives_piece_by_piece_and_ends(server: Scripted) -> None:
    dialect = server.dialect
    heard, said = Event(), list[str]()
    server.steps = [dialect.begin(), dialect.text("One "), heard, dialect.text("two.")]
    server.steps += [dialect.end(), dialect.last]
    for piece in _model(server, ENDLESS).stream("hi", Event()):
        if piece.text:
            said.append(piece.text)
            heard.set()
    assert said == ["One ", "two."]


def test_usage_is_what_the_server_counted(server: Scripted, reader: Reader) -> None:
    server.says(COUNTED)
    assert _answer(server, reader).usage == Usage(prompt_tokens=90, completion_tokens=9)


def test_usage_that_is_not_sent_is_unknown(server: Scripted, reader: Reader) -> None:
    server.says(COUNTED)
    server.steps = server.steps[:2]
    assert _answer(server, reader).usage == Usage(prompt_tokens=None, completion_tokens=None)


def test_what_is_sent_names_the_model_the_limit_and_the_question_last(
    server: Scripted, reader: Reader
) -> None:
    server.says(COUNTED)
    _answer(server, reader)
    (asked,) = server.asked
    assert asked["model"] == "tiny"
    assert "1024" in json.dumps(asked)
    assert asked["messages"][-1]["role"] == "user"
    assert QUESTION in json.dumps(asked["messages"])[-200:]


def test_sentences_are_checked_and_the_first_is_shown_before_the_second_is_written(
    server: Scripted, reader: Reader
) -> None:
    dialect = server.dialect
    shown, wrote = Event(), list[str]()
    server.steps = [dialect.begin(), dialect.text(f"{COUNTED} {CHEESE} {RECORDED[:20]}"), shown]
    server.steps += [dialect.text(RECORDED[20:]), dialect.end(), dialect.last]
    for event in stream_answer(QUESTION, reader=replace(reader, model=_model(server, ENDLESS))):
        if isinstance(event, Wrote):
            wrote.append(event.sentence.text)
            shown.set()
    assert wrote == [COUNTED, RECORDED]


@pytest.mark.parametrize(("status", "tries"), [(401, 1), (403, 1), (404, 1), (400, 1)])
def test_refusal_is_not_tried_again(server: Scripted, status: int, tries: int) -> None:
    server.refuses(status)
    assert str(status) in str(_failure(server))
    assert len(server.asked) == tries


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_tried_three_times(server: Scripted, status: int) -> None:
    server.refuses(status, **{"retry-after": "0"})
    assert str(status) in str(_failure(server, SOON.model_copy(update={"total_seconds": LATE})))
    assert len(server.asked) == 3


def test_a_key_that_is_refused_is_named_by_its_variable(server: Scripted) -> None:
    server.refuses(401)
    assert "_API_KEY" in str(_failure(server))


def test_asked_to_wait_long_it_does_not(server: Scripted) -> None:
    if server.provider == "ollama":
        pytest.skip("its client keeps no headers of an error")
    server.refuses(429, **{"retry-after": "3600"})
    _failure(server)
    assert len(server.asked) == 1


def test_second_attempt_can_succeed(server: Scripted) -> None:
    server.refuses(503, **{"retry-after": "1"})  # time enough to change its mind
    model, pieces = _model(server, SOON.model_copy(update={"total_seconds": LATE})), list[Piece]()
    thread = threading.Thread(target=lambda: pieces.extend(model.stream("hello", Event())))
    thread.start()
    while not server.asked and thread.is_alive():
        time.sleep(0.01)
    server.status, server.headers = 200, {}
    server.says("Well.")
    thread.join(LATE)
    assert "".join(piece.text for piece in pieces) == "Well."


def test_a_redirect_is_not_followed(server: Scripted, reader: Reader) -> None:
    with serving(server.provider) as other:
        other.says(COUNTED)
        there = f"http://localhost:{other.port}{other.dialect.path}"
        server.status, server.headers = 307, {"location": there}
        _assert_quotes_stand_in(_answer(server, reader))
        assert other.asked == []


def test_nobody_listens(server: Scripted, reader: Reader) -> None:
    model = _model(server, base_url="http://127.0.0.1:9/v1")
    answer = answer_question(QUESTION, reader=replace(reader, model=model))
    assert "cannot be reached" in answer.problem
    assert server.asked == []


def test_server_whose_name_is_unknown(server: Scripted) -> None:
    with pytest.raises(ModelUnavailable, match="name is not known"):
        list(_model(server, base_url="http://nowhere.invalid/v1").stream("hello", Event()))


def test_slow_first_token(server: Scripted) -> None:
    server.steps = [LATE]
    assert "begin" in str(_failure(server))
    _wait_for(server.left_after)
    assert server.left_after[0] < LATE / 2


def test_stream_that_stalls(server: Scripted) -> None:
    server.steps = [server.dialect.begin(), server.dialect.text("One "), LATE]
    assert "stopped writing" in str(_failure(server))
    assert len(server.asked) == 1  # nothing is asked again once it has begun


def test_stream_that_drips_for_ever_meets_the_limit_for_all(server: Scripted) -> None:
    drips: list[Step] = [server.dialect.text("so "), 0.2]
    server.steps = [server.dialect.begin(), *drips * 100]
    began = time.monotonic()
    _failure(server)
    assert SOON.total_seconds - 0.5 < time.monotonic() - began  # _failure: and before LATE


def test_endless_stream(server: Scripted) -> None:
    server.steps = [server.dialect.begin(), *[server.dialect.text("and so on ")] * LONGEST_REPLY]
    assert "end" in str(_failure(server))


def test_stream_that_is_cut_keeps_what_was_checked(server: Scripted, reader: Reader) -> None:
    server.steps = [server.dialect.begin(), server.dialect.text(f"{COUNTED} {RECORDED[:30]}"), CUT]
    answer = _answer(server, reader)
    assert [sentence.text for sentence in answer.sentences] == [COUNTED]
    assert answer.notices == ("interrupted",)
    assert answer.problem


def test_line_that_ends_without_its_end(server: Scripted, reader: Reader) -> None:
    server.steps = [server.dialect.begin(), server.dialect.text(f"{COUNTED} {RECORDED[:30]}")]
    answer = _answer(server, reader)
    assert [sentence.text for sentence in answer.sentences] == [COUNTED]
    assert answer.notices == ("interrupted",)


def test_reply_that_grew_too_long_is_interrupted(server: Scripted, reader: Reader) -> None:
    dialect = server.dialect
    server.steps = [dialect.begin(), dialect.text(f"{COUNTED} {RECORDED[:30]}")]
    server.steps += [dialect.end(dialect.too_long), dialect.last]
    answer = _answer(server, reader)
    assert [sentence.text for sentence in answer.sentences] == [COUNTED]
    assert answer.notices == ("interrupted",)


@pytest.mark.parametrize("reason", ["content_filter", "tool_calls", "refusal", "load"])
def test_reply_that_ended_for_another_reason_is_interrupted(
    server: Scripted, reader: Reader, reason: str
) -> None:
    dialect = server.dialect
    server.steps = [dialect.begin(), dialect.text(f"{COUNTED} {RECORDED[:30]}")]
    server.steps += [dialect.end(reason), dialect.last]
    answer = _answer(server, reader)
    assert [sentence.text for sentence in answer.sentences] == [COUNTED]
    assert answer.notices == ("interrupted",)


@pytest.mark.parametrize("said", ["\n\n", "[1]", "<think>Hm. It never ends.", "   "])
def test_reply_without_a_sentence_gives_quotes(server: Scripted, reader: Reader, said: str) -> None:
    server.says(said)
    _assert_quotes_stand_in(_answer(server, reader))


@pytest.mark.parametrize(
    "said",
    [
        "NOT IN THE DOCUMENTS",
        "**Not in the documents.**",
        "Answer: “NOT IN THE DOCUMENTS”. They speak of other years.",
    ],
)
def test_a_model_that_finds_nothing_is_believed(
    server: Scripted, reader: Reader, said: str
) -> None:
    server.says(said)
    answer = _answer(server, reader)
    assert (answer.status, answer.notices) == ("not_in_documents", ())


def test_endless_blanks_meet_the_limit_for_all(server: Scripted) -> None:
    blanks: list[Step] = [server.dialect.text("\n"), 0.01]
    server.steps = [server.dialect.begin(), server.dialect.text("Well."), *blanks * 900]
    _failure(server)


def test_half_characters_are_joined_or_replaced(server: Scripted, reader: Reader) -> None:
    dialect = server.dialect
    server.steps = [dialect.begin()]
    for text in (f"{COUNTED} \ud83d", "\ude00 \ud83d fine."):
        said = dialect.text("HERE").decode().replace("HERE", json.dumps(text)[1:-1])
        server.steps.append(said.encode())
    server.steps += [dialect.end(), dialect.last]
    answer = _answer(server, reader)
    assert [sentence.text for sentence in answer.sentences] == [COUNTED]


def test_no_last_word_is_needed(server: Scripted) -> None:
    server.says("Well.")
    server.steps.pop()
    assert _text(server) == "Well."


def test_error_in_the_middle_of_a_good_stream(server: Scripted, reader: Reader) -> None:
    server.steps = [server.dialect.begin(), server.dialect.text(f"{COUNTED} And "), 0.1]
    server.steps += [server.dialect.error]
    answer = _answer(server, reader)
    assert [sentence.text for sentence in answer.sentences] == [COUNTED]
    assert answer.notices == ("interrupted",)


def test_error_in_place_of_a_stream(server: Scripted, reader: Reader) -> None:
    server.steps = [server.dialect.error]
    _assert_quotes_stand_in(_answer(server, reader))


def test_characters_split_between_packets(server: Scripted) -> None:
    said = server.dialect.text("¿Qué pasó en Ahuachapán? ✓")
    server.steps = [server.dialect.begin()]
    server.steps += [said[i : i + 1] for i in range(len(said))]
    server.steps += [server.dialect.end(), server.dialect.last]
    assert _text(server) == "¿Qué pasó en Ahuachapán? ✓"


def test_null_for_text(server: Scripted) -> None:
    if server.provider == "anthropic":
        pytest.skip("its protocol has no null text")
    dialect = server.dialect
    server.steps = [dialect.begin(), dialect.text(None), dialect.text("Well."), dialect.text(None)]
    server.steps += [dialect.end(), dialect.last]
    assert _text(server) == "Well."


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Welcome</body></html>",
        b"",
        b"data: {not json\n\n",
        b"{not json\n",
        b"\xff\xfe\x00\xc3(\n\n",
        b'data: {"a": 1}{"b": 2}\n\n',
        b'{"message": {"content": "a"}}{"message": {"content": "b"}}\n',
        b'data: {"choices": "none"}\n\n',
        b"data: null\n\n",
        b"[]\n",
        b"data: " + b"x" * 10_000_000,
    ],
    ids=lambda body: repr(body[:30]),
)
def test_what_is_no_answer_gives_quotes(server: Scripted, reader: Reader, body: bytes) -> None:
    server.steps = [body]
    began = time.monotonic()
    _assert_quotes_stand_in(_answer(server, reader))
    assert time.monotonic() - began < LATE


def test_web_page_with_a_good_status(server: Scripted, reader: Reader) -> None:
    server.headers = {"content-type": "text/html"}
    server.steps = [b"<html><body>Log in</body></html>"]
    _assert_quotes_stand_in(_answer(server, reader))


def _assert_quotes_stand_in(answer: Answer) -> None:
    assert (answer.status, answer.model) == ("answered", "quotes:")
    assert answer.notices == ("model_unavailable",)
    assert {sentence.verdict for sentence in answer.sentences} == {"quoted"}
    assert answer.problem.count(".") == 1


def test_stopping_leaves_the_server(server: Scripted) -> None:
    server.steps = [server.dialect.begin(), server.dialect.text("One "), LATE]
    stop = Event()
    limits = SOON.model_copy(update={"between_tokens_seconds": LATE, "total_seconds": LATE})
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(Stopped):
        list(_model(server, limits).stream("hello", stop))
    _wait_for(server.left_after)
    assert server.left_after[0] < LATE / 2


def test_closing_the_stream_leaves_the_server(server: Scripted) -> None:
    server.steps = [server.dialect.begin(), server.dialect.text("One "), LATE]
    pieces = iter(_model(server).stream("hello", Event()))
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    _wait_for(server.left_after)
    assert server.left_after[0] < LATE / 2


def _wait_for(left: list[float]) -> None:
    deadline = time.monotonic() + LATE
    while not left and time.monotonic() < deadline:
        time.sleep(0.01)
    assert left, "the server was never left"


def test_after_failures_in_a_row_it_is_left_alone(server: Scripted) -> None:
    server.refuses(401)
    model = _model(server)
    for _ in range(FAILURES_BEFORE_REST):
        with pytest.raises(ModelUnavailable, match="401"):
            list(model.stream("hello", Event()))
    with pytest.raises(ModelUnavailable, match="times in a row"):
        list(model.stream("hello", Event()))
    assert len(server.asked) == FAILURES_BEFORE_REST


def test_many_streams_at_once_do_not_mix(server: Scripted) -> None:
    server.says(*"Well , this is one .".split())
    limits = SOON.model_copy(update={"first_token_seconds": LATE, "total_seconds": LATE})
    model, heard = _model(server, limits), list[str]()

    def listen() -> None:
        heard.append("".join(piece.text for piece in model.stream("hello", Event())))

    threads = [threading.Thread(target=listen) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LATE)
    assert heard == ["Well,thisisone."] * 20


def test_the_key_is_sent_and_shown_nowhere(
    server: Scripted,
    reader: Reader,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    server.refuses(401)
    answer = _answer(server, reader)
    server.status, server.headers = 200, {}
    server.says(COUNTED)
    good = _answer(server, reader)
    assert good.model == f"{server.provider}:tiny"
    assert KEY in json.dumps(server.sent_headers)
    shown = capfd.readouterr()
    for text in (json.dumps(as_json(answer)), shown.out, shown.err, caplog.text):
        assert KEY not in text
