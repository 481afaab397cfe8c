import json
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot import evidence
from chatbot.ask import Reader
from chatbot.evidence import (
    FEATURES,
    confidence,
    find_candidates,
    frozen_weights,
    logistic,
)
from chatbot.question import read_question
from index.search import search


def test_logistic_is_what_it_says() -> None:
    assert logistic((1.0, 2.0), (0.5, -0.25, 0.0)) == pytest.approx(0.5)
    assert logistic((1.0,), (2.0, -1.0)) == pytest.approx(0.7310586)
    assert logistic((1.0,), (1e9, 0.0)) == pytest.approx(1.0)
    assert logistic((1.0,), (-1e9, 0.0)) == pytest.approx(0.0)


def test_frozen_weights_fit_the_features() -> None:
    weights = frozen_weights()
    assert len(weights.sentence) == len(FEATURES) + 1
    assert len(weights.question) == len(FEATURES) + 1
    assert 0 < weights.threshold < 1


def test_frozen_file_names_its_features_and_data() -> None:
    file = Path(evidence.__file__).with_name("evidence.json")
    frozen = json.loads(file.read_text())
    assert tuple(frozen["features"]) == FEATURES
    assert "SQuAD 2.0" in frozen["fitted_on"]


def test_no_quote_gives_no_confidence() -> None:
    assert confidence([], frozen_weights()) == 0.0


def test_question_without_content_has_no_candidates(reader: Reader) -> None:
    hits = search("of the and", generation=reader.generation, embedder=reader.embedder)
    found = find_candidates(
        read_question("of the and"),
        hits,
        generation=reader.generation,
        span_reader=reader.span_reader,
        weights=frozen_weights(),
    )
    assert found == []


def test_another_year_and_a_missing_name_lower_confidence(reader: Reader) -> None:
    weights = frozen_weights()

    def sure(question: str) -> float:
        hits = search(question, generation=reader.generation, embedder=reader.embedder)
        found = find_candidates(
            read_question(question),
            hits,
            generation=reader.generation,
            span_reader=reader.span_reader,
            weights=weights,
        )
        return confidence(found[:1], weights)

    right = sure("How many homicides did El Salvador have in January 2012?")
    assert sure("How many homicides did El Salvador have in January 1987?") < right
    assert sure("How many homicides did Norway have in January 2012?") < right


def test_confidence_rises_with_each_feature_that_speaks_for_it(reader: Reader) -> None:
    weights = frozen_weights()
    question = "Who coined the term narco-peace?"
    hits = search(question, generation=reader.generation, embedder=reader.embedder)
    best, *_ = find_candidates(
        read_question(question),
        hits,
        generation=reader.generation,
        span_reader=reader.span_reader,
        weights=weights,
    )
    span = FEATURES.index("span")
    lower = tuple(v - 1.0 if i == span else v for i, v in enumerate(best.features))
    assert confidence([replace(best, features=lower)], weights) < confidence([best], weights)
