import tempfile
from pathlib import Path

import pytest

from corpus.language import _classifier, detect_language, language_of

LONG = {
    "ca": "Tots els éssers humans neixen lliures i iguals en dignitat i en drets. Són dotats de"
    " raó i de consciència, i han de comportar-se fraternalment els uns amb els altres.",
    "da": "Regeringen sagde i går, at den ikke vil forhandle med banderne, før volden er holdt "
    "op, og at politiet skal have flere penge næste år til at efterforske drabene.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit "
    "Vernunft und Gewissen begabt und sollen einander im Geist der Brüderlichkeit "
    "begegnen.",
    "en": "All human beings are born free and equal in dignity and rights. They are endowed "
    "with reason and conscience and should act towards one another in a spirit of "
    "brotherhood.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados "
    "como están de razón y conciencia, deben comportarse fraternalmente los unos con los "
    "otros.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont "
    "doués de raison et de conscience et doivent agir les uns envers les autres.",
    "it": "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono "
    "dotati di ragione e di coscienza e devono agire gli uni verso gli altri.",
    "nl": "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn "
    "begiftigd met verstand en geweten, en behoren zich jegens elkander in een geest van "
    "broederschap te gedragen.",
    "no": "Regjeringen sa i går at den ikke vil forhandle med gjengene før volden har tatt "
    "slutt, og at politiet skal få mer penger neste år til å etterforske drapene.",
    "pt": "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de"
    " razão e de consciência, devem agir uns para com os outros em espírito de "
    "fraternidade.",
    "ro": "Toate ființele umane se nasc libere și egale în demnitate și în drepturi. Ele sunt "
    "înzestrate cu rațiune și conștiință și trebuie să se comporte unele față de altele.",
    "ru": "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены "
    "разумом и совестью и должны поступать в отношении друг друга в духе братства.",
    "sv": "Regeringen sade i går att den inte vill förhandla med gängen förrän våldet har "
    "upphört, och att polisen ska få mer pengar nästa år för att utreda morden.",
    "tr": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana "
    "sahiptirler ve birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler.",
}


@pytest.mark.parametrize("language", LONG)
def test_thirty_words_tell_their_language(language: str) -> None:
    assert detect_language(LONG[language]) == language


@pytest.mark.parametrize("language", LONG)
def test_half_of_them_do_too(language: str) -> None:
    words = LONG[language].split()
    assert detect_language(" ".join(words[: len(words) // 2])) == language


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Who rang the bell?", "en"), ("What did the government offer the gangs?", "en"),
        ("¿Quién negoció con las pandillas?", "es"), ("Quem negociou com as gangues?", "pt"),
        ("Qui a négocié avec les gangs ?", "fr"), ("Wer hat mit den Banden verhandelt?", "de"),
        ("Chi ha negoziato con le bande?", "it"), ("WHAT DID THE GOVERNMENT OFFER?", "en"),
    ],
)  # fmt: skip
def test_questions(question: str, language: str) -> None:
    assert detect_language(question) == language


@pytest.mark.parametrize("text", ["", "OK", "MS-13", "2012 41 56", "Nayib Bukele", "\ud800", "???"])
def test_what_is_too_short_has_no_language(text: str) -> None:
    assert detect_language(text) is None


def test_long_text_contradicts_what_its_template_declares() -> None:
    assert language_of(LONG["es"] * 2, declared="en-US") == "es"


def test_short_text_is_what_it_declares() -> None:
    assert language_of("Hola.", declared="es-SV") == "es"
    assert language_of("Words.", declared="ES") == "es"
    assert language_of("Words.", declared=None) is None


@pytest.mark.parametrize("declared", ["", "english", "x", "und", "\u202een", "zxx-12"])
def test_what_is_no_code_is_not_believed(declared: str) -> None:
    assert language_of("Hola.", declared=declared) is None


def test_without_a_temporary_folder_no_language_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _classifier.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
        assert detect_language(LONG["es"]) is None
        assert language_of(LONG["es"] * 2, declared="es") == "es"
    assert detect_language(LONG["es"]) == "es"
