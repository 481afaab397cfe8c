import json
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot import evidence
from chatbot.evidence import FEATURES, Candidate, find_candidates
from chatbot.question import read_question
from chatbot.reading import Reader, find_hits, frozen_weights, logistic
from chatbot.settle import OF_QUOTES, confidence, quote_features


def test_logistic_is_what_it_says() -> None:
    assert logistic((1.0, 2.0), (0.5, -0.25, 0.0)) == pytest.approx(0.5)
    assert logistic((1.0,), (2.0, -1.0)) == pytest.approx(0.7310586)
    assert logistic((1.0,), (1e9, 0.0)) == pytest.approx(1.0)
    assert logistic((1.0,), (-1e9, 0.0)) == pytest.approx(0.0)


def test_frozen_weights_fit_the_features() -> None:
    weights = frozen_weights()
    assert len(weights.sentence) == len(FEATURES) + 1
    assert len(weights.question) == len(OF_QUOTES) + 1
    assert 0 < weights.threshold < 1


def test_frozen_file_names_its_features_and_data() -> None:
    file = Path(evidence.__file__).with_name("evidence.json")
    frozen = json.loads(file.read_text())
    assert tuple(frozen["features"]) == OF_QUOTES
    assert "SQuAD 2.0" in frozen["fitted_on"]


def _sure(question: str, quotes: list[Candidate], reader: Reader) -> float:
    return confidence(read_question(question), quotes, reader)


def _candidates(question: str, reader: Reader) -> list[Candidate]:
    return find_candidates(read_question(question), find_hits(question, reader), reader)


def test_no_quote_gives_no_confidence(reader: Reader) -> None:
    assert _sure("Who?", [], reader) == 0.0


def test_question_without_content_has_no_candidates(reader: Reader) -> None:
    assert _candidates("of the and", reader) == []


def test_another_year_and_a_missing_name_lower_confidence(reader: Reader) -> None:
    def sure(question: str) -> float:
        return _sure(question, _candidates(question, reader)[:1], reader)

    right = sure("How many homicides did El Salvador have in January 2012?")
    assert sure("How many homicides did El Salvador have in January 1987?") < right
    assert sure("How many homicides did Norway have in January 2012?") < right


def test_confidence_rises_with_nearness(reader: Reader) -> None:
    question = "Who coined the term narco-peace?"
    best = _candidates(question, reader)[0]
    cosine = FEATURES.index("cosine")
    lower = tuple(v - 0.5 if i == cosine else v for i, v in enumerate(best.features))
    less_sure = _sure(question, [replace(best, features=lower)], reader)
    assert less_sure < _sure(question, [best], reader)


def test_a_question_that_takes_for_granted_what_is_denied_is_less_sure(reader: Reader) -> None:
    question = "Did Bukele deny negotiating with the gangs?"
    best = _candidates(question, reader)[0]
    against = OF_QUOTES.index("against")

    def features(question: str) -> tuple[float, ...]:
        return quote_features(read_question(question), [best], reader.span_reader)

    assert "denies" in best.text
    assert features(question)[against] == 0.0
    assert features("Why did Bukele admit negotiating with the gangs?")[against] == 1.0


def test_either_answer_will_do_where_it_is_asked_whether(reader: Reader) -> None:
    best = _candidates("Did Bukele deny negotiating with the gangs?", reader)[0]
    assert "denies" in best.text
    question = read_question("Does Bukele admit negotiating with the gangs?")
    against = OF_QUOTES.index("against")
    assert quote_features(question, [best], reader.span_reader)[against] == 0.0


@pytest.mark.parametrize(
    ("question", "text", "against"),
    [
        ("Who came up with the plan?", "Ana Ruiz wrote down the plan.", 0.0),
        ("How many died at the end of May?", "The storm began on 30 May; 12 died.", 0.0),
        ("Why did prices rise in May?", "Prices fell in May.", 1.0),
    ],
)
def test_a_small_word_beside_a_verb_is_no_direction(
    question: str, text: str, against: float, reader: Reader
) -> None:
    some = replace(_candidates("Who coined the term narco-peace?", reader)[0], text=text)
    features = quote_features(read_question(question), [some], reader.span_reader)
    assert features[OF_QUOTES.index("against")] == against


def test_the_same_answer_in_another_passage_is_agreement(reader: Reader) -> None:
    found = _candidates("How many homicides did El Salvador have in January 2012?", reader)
    agreement = FEATURES.index("agreement")
    assert found[0].features[agreement] > 0.5
    assert min(candidate.features[agreement] for candidate in found) == 0.0


def test_another_place_is_seen(reader: Reader) -> None:
    place = FEATURES.index("other_place")
    for country, other in (("El Salvador", 0.0), ("Norway", 1.0)):
        found = _candidates(f"How many homicides were there in {country} in 2015?", reader)
        named = [c for c in found if "in El Salvador" in c.text]
        assert named
        assert {candidate.features[place] for candidate in named} == {other}
