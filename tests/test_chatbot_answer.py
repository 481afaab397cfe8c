import json

import pytest

from chatbot.answer import Answer, as_json
from chatbot.ask import answer_question
from chatbot.reading import Reader


@pytest.fixture(scope="module")
def answer(reader: Reader) -> Answer:
    return answer_question("Who coined the term narco-peace?", reader=reader)


def test_answer_has_the_field_names_of_its_type(answer: Answer) -> None:
    assert list(as_json(answer)) == list(Answer.__dataclass_fields__)


def test_hit_carries_its_passage_and_span_flat(answer: Answer) -> None:
    row, hit = as_json(answer)["hits"][0], answer.hits[0]
    assert {"rank", "score", "document_id", "start", "end", "text", "title"} <= row.keys()
    assert not {"passage", "span"} & row.keys()
    assert row == as_json(hit)
    assert (row["document_id"], row["start"], row["end"]) == (
        hit.passage.span.document_id,
        hit.passage.span.start,
        hit.passage.span.end,
    )
    assert row["text"] == hit.passage.text
    assert tuple(row["found_by"]) == hit.found_by


def test_citation_carries_its_span_flat(answer: Answer) -> None:
    row, citation = as_json(answer)["citations"][0], answer.citations[0]
    assert row == as_json(citation)
    assert set(row) == {
        *("number", "document_id", "start", "end", "quote", "title", "page", "source"),
        "published_on",
    }
    assert row["end"] - row["start"] == len(citation.quote)


def test_sentence_keeps_its_names(answer: Answer) -> None:
    row = as_json(answer)["sentences"][0]
    assert set(row) == {"text", "citations", "verdict", "support", "marks"}
    assert tuple(row["citations"]) == answer.sentences[0].citations == (1,)


def test_json_survives_a_round_trip(answer: Answer) -> None:
    again = json.loads(json.dumps(as_json(answer), allow_nan=False))
    assert again["question"] == answer.question
    assert [c["quote"] for c in again["citations"]] == [c.quote for c in answer.citations]
