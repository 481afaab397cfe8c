from random import Random

import pytest
from llama_index.core.evaluation.benchmarks import hotpotqa

from eval.squad import exact_match, normalise, stands_in, word_f1


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The  Old Mill.", "old mill"),
        ("an A the a", ""),
        ("U.S. (2019)", "us 2019"),
        ("twenty-one", "twentyone"),
        ("theatre of another", "theatre of another"),
        ("A.\tthe\nEND", "end"),  # the point goes before the article does
        ("«Año» – ¿sí?", "«año» – ¿sí"),  # other punctuation than ASCII stays
    ],
)
def test_normal_form_by_hand(text: str, normal: str) -> None:
    assert normalise(text) == normal


@pytest.mark.parametrize(
    ("said", "accepted", "exact", "f1"),
    [
        ("the Old Mill.", ["old mill"], 1.0, 1.0),
        ("old mill", ["old bridge"], 0.0, 0.5),
        ("the mill", ["bridge"], 0.0, 0.0),
        ("a", ["the"], 1.0, 1.0),  # no word on either side
        ("mill", ["the"], 0.0, 0.0),
        ("the", ["mill"], 0.0, 0.0),
        ("", ["mill"], 0.0, 0.0),
        ("Tom Reed of Larkford", ["Reed", "Tom Reed"], 0.0, 2 / 3),  # 2 of 4, 2 of 2
        ("mill mill", ["mill"], 0.0, 2 / 3),  # a word counts as often as it stands there
        ("", ["the", "mill"], 0.0, 0.0),  # an answer of no word is none, where another has words
        ("", [], 1.0, 1.0),
    ],
)
def test_scores_by_hand(said: str, accepted: list[str], exact: float, f1: float) -> None:
    assert exact_match(said, accepted) == exact
    assert word_f1(said, accepted) == pytest.approx(f1)


@pytest.mark.parametrize(
    ("texts", "accepted", "stands"),
    [
        (["There were 411 homicides."], ["411"], 1.0),
        (["There were 1411 homicides."], ["411"], 0.0),
        (["He led the Old Mill, then left."], ["old mill"], 1.0),
        (["the old", "mill"], ["old mill"], 0.0),  # not across quotes
        (["Nothing."], ["the"], 0.0),
        (["Nothing."], ["something", "NOTHING"], 1.0),
        ([], ["411"], 0.0),
    ],
)
def test_an_answer_stands_in_a_text_by_its_words(
    texts: list[str], accepted: list[str], stands: float
) -> None:
    assert stands_in(texts, accepted) == stands


WORDS = ["the", "A", "an", "mill,", "Mill", "old", "(old)", "1871.", "ice-cold", "Año", "“Reed”"]


def test_1000_random_cases_are_as_in_the_port_of_the_script() -> None:
    """The port differs from the script only where one side has no word, which is by hand above."""
    rng = Random(0)

    def phrase() -> str:
        return rng.choice([" ", "  ", "\n"]).join([*rng.choices(WORDS, k=rng.randint(0, 5)), "x"])

    exact = 0.0
    for _ in range(1_000):
        said, accepted = phrase(), [phrase() for _ in range(rng.randint(1, 3))]
        assert normalise(said) == hotpotqa.normalize_answer(said)
        assert word_f1(said, accepted) == pytest.approx(
            max(hotpotqa.f1_score(said, gold)[0] for gold in accepted)
        )
        matches = [hotpotqa.exact_match_score(said, gold) for gold in accepted]
        assert exact_match(said, accepted) == any(matches)
        exact += any(matches)
    assert 20 < exact < 900
