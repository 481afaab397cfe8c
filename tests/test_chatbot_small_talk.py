import pytest

from chatbot.small_talk import LONGEST_TALK, reply_to, small_talk


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("greeting", "Hello|hi!|Hey there|Good morning.|Hello, how are you today?|👋 hi|HELLO"),
        (
            "greeting",
            "Hola|¡Buenos días!|buenas tardes|Hola, ¿qué tal?|¿Cómo está?|saludos a todos",
        ),
        ("thanks", "Thanks!|Thank you very much.|ok thanks|That’s great, thank you|thx|Perfect"),
        ("thanks", "Gracias|muchas gracias por la ayuda|Ok, gracias.|Perfecto, muy amable"),
        ("goodbye", "Bye|Goodbye!|See you later|Thanks, bye|Have a nice day"),
        ("goodbye", "Adiós|hasta mañana|Gracias, hasta luego|chau"),
        ("scope", "What can you answer?|What is this?|Who are you?|help|What do you know about?"),
        (
            "scope",
            "Hello, what can I ask you?|What’s this site about?|how does this work|Help, please",
        ),
        (
            "scope",
            "¿Qué puedes responder?|Ayuda|¿Quién eres?|¿Qué es esto?|¿Sobre qué puedo preguntar?",
        ),
        ("scope", "Hola, ¿qué sabes hacer?|¿Cómo funciona esto?|¿Me puedes ayudar?"),
    ],
)
def test_small_talk_is_told_by_kind(kind: str, said: str) -> None:
    assert {one: small_talk(one) for one in said.split("|")} == dict.fromkeys(said.split("|"), kind)


@pytest.mark.parametrize(
    "question",
    [
        "Hello, who is Carlos Marroquín?",
        "Thanks. And in February?",
        "What is this plan?",
        "What do you know about Bukele?",
        "What can you tell me about the truce?",
        "Who are the Zetas?",
        "help with extortion",
        "What is a footnote?",
        "How does it work?",
        "What happened?",
        "Why?",
        "Hola, ¿quién es Bukele?",
        "¿Qué hace?",
        "¿Cómo funciona?",
        "¿Qué es la tregua?",
        "Gracias. ¿Y en febrero?",
        "please",
        "?!",
        "",
        "hi " * LONGEST_TALK,
        "你好吗",
    ],
)
def test_what_may_have_content_is_a_question(question: str) -> None:
    assert small_talk(question) is None


def test_reply_speaks_the_language_of_the_reader() -> None:
    assert reply_to("Good morning").startswith("Hello. I answer from the documents")
    assert reply_to("gracias").startswith("De nada. Respondo con los documentos")
    assert reply_to("help").startswith("I answer")
