"""What an answer says of itself to people: its notices, and who wrote it at what cost."""

from chatbot.answer import Answer, Notice

NOTICES: dict[Notice, str] = {
    "left_out": "Something the model wrote was left out, because the documents do not support it.",
    "model_unavailable": "These are quotes from the documents, because no model wrote an answer.",
    "interrupted": "The answer was interrupted; what stands here was checked.",
    "shortened": "The model was not shown every passage found: there was no room for more.",
    "partial": "The documents don't say the rest of what was asked.",
    "conflict": "The documents disagree on this; the newest comes first.",
}


def notices_of(answer: Answer) -> list[str]:
    """Return a sentence a notice, in order; what kept the model from writing stands before its."""
    return [
        f"{answer.problem} {NOTICES[notice]}".strip()
        if notice in ("model_unavailable", "interrupted")
        else NOTICES[notice]
        for notice in answer.notices
        if notice in NOTICES
    ]


def written_by(answer: Answer) -> str:
    """Return a sentence on who wrote the answer, with the tokens that the provider counted."""
    if all(sentence.verdict == "quoted" for sentence in answer.sentences):
        return "Quoted word for word from the documents."
    usage = answer.usage
    read, written = (
        "unknown" if count is None else f"{count:,}"
        for count in (usage.prompt_tokens, usage.completion_tokens)
    )
    return (
        f"Written by {answer.model} and checked against the documents "
        f"(tokens read: {read}, written: {written})."
    )
