from dataclasses import replace

import pytest

from chatbot.evidence import FEATURES, Candidate, find_candidates
from chatbot.question import read_question
from chatbot.quotes import MOST_SENTENCES, MOST_WORDS, find_conflict, leans, pick_quotes
from chatbot.reading import Reader, find_hits
from chatbot.settle import at_its_place, read_alone, settle_quotes
from corpus.document import Span

QUESTIONS = (
    "Who coined the term narco-peace?",
    "By how much did Brazil's murder rate drop from 2017 to 2018?",
    "Why do the Metropolitan Agents cover their faces?",
    "What did Foreign Policy report about the prison transfers?",
)


def _candidates(question: str, reader: Reader) -> list[Candidate]:
    return find_candidates(read_question(question), find_hits(question, reader), reader)


@pytest.fixture(scope="module")
def candidates(reader: Reader) -> dict[str, list[Candidate]]:
    return {question: _candidates(question, reader) for question in QUESTIONS}


@pytest.fixture(scope="module")
def some(candidates: dict[str, list[Candidate]]) -> Candidate:
    return candidates[QUESTIONS[0]][0]


def _sentence(
    some: Candidate, start: int, text: str, score: float, *covered: str, answer: str = ""
) -> Candidate:
    """A sentence that covers words; if it has an `answer`, those words are marked."""
    place = start + text.find(answer)
    return replace(
        some,
        span=Span("a.txt", start, start + len(text)),
        text=text,
        answer=Span("a.txt", place, place + len(answer or text)),
        score=score,
        covered=dict.fromkeys(covered, 0.2),
        features=(1.0 if answer else -1.0, *some.features[1:]),
    )


def _elsewhere(candidate: Candidate) -> Candidate:
    """The same sentence in another document."""
    span, answer = candidate.span, candidate.answer
    return replace(
        candidate,
        span=replace(span, document_id="b.txt"),
        answer=replace(answer, document_id="b.txt"),
    )


@pytest.mark.parametrize("question", QUESTIONS)
def test_quotes_are_few_short_and_in_reading_order(
    question: str, candidates: dict[str, list[Candidate]]
) -> None:
    quotes = pick_quotes(candidates[question])
    starts = [quote.span.start for quote in quotes]
    assert 1 <= len(quotes) <= MOST_SENTENCES == 3
    assert len(quotes) == 1 or sum(len(q.text.split()) for q in quotes) <= MOST_WORDS == 60
    assert starts == sorted(starts)
    assert len({quote.span.document_id for quote in quotes}) == 1
    assert candidates[question][0] in quotes


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_candidate_is_a_heading_and_each_is_exact(
    question: str, candidates: dict[str, list[Candidate]], reader: Reader
) -> None:
    for candidate in candidates[question]:
        span = candidate.span
        document = reader.generation.document(span.document_id)
        assert document.text[span.start : span.end] == candidate.text
        assert (span.start, span.end) not in {(h.start, h.end) for h in document.headings}


@pytest.mark.parametrize("question", QUESTIONS)
def test_candidates_come_best_first(question: str, candidates: dict[str, list[Candidate]]) -> None:
    scores = [candidate.score for candidate in candidates[question]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_nothing_to_quote_is_no_quote(reader: Reader) -> None:
    assert pick_quotes([]) == []
    assert _settled(QUESTIONS[0], [], reader) == ([], [])


def _settled(
    question: str, candidates: list[Candidate], reader: Reader
) -> tuple[list[Candidate], list[Candidate]]:
    return settle_quotes(read_question(question), candidates, reader)


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_settled_is_picked_again_where_nothing_else_stands(
    question: str, candidates: dict[str, list[Candidate]], reader: Reader
) -> None:
    kept, alone = _settled(question, candidates[question], reader)
    assert kept
    assert [quote.text for quote in kept] == [quote.text for quote in alone]
    best_first = sorted(kept, key=lambda quote: -quote.score)
    assert _settled(question, best_first, reader) == (kept, alone)


def test_a_quote_that_is_not_picked_again_is_let_go(
    candidates: dict[str, list[Candidate]], reader: Reader
) -> None:
    best, *others = candidates[QUESTIONS[0]]
    beside = [c for c in others if c.hit.rank == best.hit.rank and not c.is_of_another]
    idle = min(beside, key=lambda candidate: candidate.score)
    lifted = replace(idle, score=best.score)
    assert lifted in pick_quotes([best, lifted])
    assert _settled(QUESTIONS[0], [best, lifted], reader)[0] == [best]


def test_alone_each_quote_is_found_at_its_place(
    candidates: dict[str, list[Candidate]], reader: Reader
) -> None:
    """Two of one document and one of another, in any order of documents."""
    best, *others = candidates[QUESTIONS[0]]
    beside = next(c for c in others if c.span.document_id == best.span.document_id)
    elsewhere = next(c for c in others if c.span.document_id != best.span.document_id)
    quotes = [best, elsewhere, beside]
    alone = read_alone(read_question(QUESTIONS[0]), quotes, reader)
    assert {(quote.span, found.text) for quote, found in alone} == {
        (q.span, q.text) for q in quotes
    }


def test_one_long_sentence_is_quoted_alone(some: Candidate) -> None:
    long = _sentence(some, 0, "word " * 80, 0.9, "a")
    beside = _sentence(some, 500, "Short and good.", 0.8, "b")
    assert pick_quotes([long, beside]) == [long]


def test_a_sentence_that_leans_brings_the_one_before(some: Candidate) -> None:
    leaning = _sentence(some, 40, "He said so later.", 0.9, "a")
    before = _sentence(some, 0, "Otto Perez spoke in Davos.", 0.1)
    assert pick_quotes([leaning, before]) == [before, leaning]


def test_what_is_asked_about_may_stand_in_the_sentence_before(some: Candidate) -> None:
    told = _sentence(some, 0, "Ana Ruiz tells another story.", 0.1, "ana", "ruiz")
    best = _sentence(some, 40, "The head of the bridge office blamed the flood.", 0.9, "head")
    assert pick_quotes([best, told]) == [told, best]
    known = replace(best, covered={**best.covered, **told.covered})
    assert pick_quotes([known, told]) == [known]


def test_what_answers_nearly_as_well_in_its_passage_completes_it(some: Candidate) -> None:
    best = _sentence(some, 20, "Otto Perez spoke.", 0.9, "a")
    adds = _sentence(some, 0, "It was in Davos.", 0.6)
    weak = _sentence(some, 60, "The sun shone.", 0.4)
    elsewhere = replace(adds, hit=replace(adds.hit, rank=2))
    time = FEATURES.index("other_time")
    later = replace(adds, features=(*adds.features[:time], 1.0, *adds.features[time + 1 :]))
    assert pick_quotes([best, adds, weak]) == [adds, best]
    assert pick_quotes([best, elsewhere, later]) == [best]


def test_never_more_than_three(some: Candidate) -> None:
    rows = [_sentence(some, 20 * n, f"Words {n} here.", 0.9 - n / 100, str(n)) for n in range(6)]
    assert pick_quotes(rows) == rows[:3]


def test_a_neighbour_with_another_answer_is_left(some: Candidate) -> None:
    best = _sentence(some, 0, "There were 411 in January.", 0.9, "a", answer="411")
    rival = _sentence(some, 30, "There were 186 in March.", 0.8, "b", answer="186")
    assert pick_quotes([best, rival]) == [best]


def test_a_list_takes_every_other_answer_once(some: Candidate) -> None:
    rows = [
        _sentence(some, 0, "The MS13 is one.", 0.9, "a", answer="MS13"),
        _sentence(some, 20, "Barrio 18 is one.", 0.8, "a", answer="Barrio 18"),
        _sentence(some, 40, "The MS13 again.", 0.7, "a", answer="MS13"),
        _sentence(some, 60, "Hardly an answer.", 0.3, "a", answer="answer"),
    ]
    assert pick_quotes(rows, listing=True) == rows[:2]


@pytest.mark.parametrize(
    "sentence",
    [
        "He said so.",
        "On 8 and 9 March they went to other prisons.",
        "However, the truce held.",
        "His brother left.",
        "Después, él lo negó.",
        "The same year the government opened Operación Jaque.",
        "By then the plan had grown.",
    ],
)
def test_a_sentence_leans_whose_pronoun_nothing_in_it_explains(sentence: str) -> None:
    assert leans(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Bukele denies that his administration negotiated.",
        "On 8 March Otto Perez said he would go.",
        "The rate fell by half.",
    ],
)
def test_a_sentence_that_names_whom_it_means_does_not_lean(sentence: str) -> None:
    assert not leans(sentence)


def test_two_documents_with_other_numbers_for_the_same_disagree(some: Candidate) -> None:
    one = _sentence(some, 0, "In 2015 there were 6,650 homicides.", 0.9, "a", answer="6,650")
    other = _sentence(some, 0, "There were 6,657 homicides in 2015.", 0.8, "a", answer="6,657")
    assert find_conflict([one, other], [one]) is None
    assert find_conflict([one, _elsewhere(other)], [one]) == _elsewhere(other)


@pytest.mark.parametrize(
    "text",
    [
        "There were 3,962 homicides in 2017.",  # of another year
        "There were 6,650 homicides in 2015, and 3,962 later.",  # it says the same as well
        "Police seized 3,962 guns in 2015.",  # of another thing
    ],
)
def test_other_numbers_of_another_thing_are_no_conflict(text: str, some: Candidate) -> None:
    one = _sentence(some, 0, "In 2015 there were 6,650 homicides.", 0.9, "a", answer="6,650")
    other = _elsewhere(_sentence(some, 0, text, 0.8, "a", answer="3,962"))
    assert find_conflict([one, other], [one]) is None


def test_what_is_found_alone_is_put_back_at_its_place(
    candidates: dict[str, list[Candidate]], reader: Reader
) -> None:
    (best, *_), question = candidates[QUESTIONS[0]], read_question(QUESTIONS[0])
    ((_, alone),) = read_alone(question, [best], reader)
    found = at_its_place(alone, best)
    text = reader.generation.document(found.span.document_id).text
    assert found.span == best.span
    assert text[found.answer.start : found.answer.end] == text[best.answer.start : best.answer.end]
    assert best.span.start <= found.answer.start < found.answer.end <= best.span.end
