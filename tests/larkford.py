"""A made-up town in four documents, and questions about it, to try the grounding suite on."""

from datetime import UTC, datetime

from corpus.blocks import Block, Extract, make_document
from corpus.document import Document, Span
from eval.case import Case

TEXTS = {
    "bridge": "The iron bridge of Larkford was opened on 4 May 1871 by Ada Finch. Tom Reed "
    "designed the bridge for the Northern Railway. It is 212 metres long and carries two tracks.",
    "lighthouse": "The lighthouse at Skerry Point was first lit in October 1834. The keeper Ida "
    "Frost rescued nine sailors from the wreck of the Dunmere in 1851. The lamp was not electric "
    "until 1926.",
    "market": "The fish market of Harwick opens at five in the morning. The council closed the "
    "old market in 1962, after its roof had fallen in. Eva Stone sells eels there on Fridays.",
    "school": "The school of Larkford has 340 pupils and was founded by Leo Marsh in 1903. Max "
    "Bell teaches Latin and music there. The old school on Mill Lane burnt down in March 1898.",
}
BRIDGE = "Who designed the iron bridge of Larkford?"
LIT = "When was the lighthouse at Skerry Point first lit?"
FOUNDED = "Who founded the school of Larkford?"
NOT_SAID = "Who designed the lighthouse at Skerry Point?"
NOT_NEAR = "How tall is Mount Everest?"
ANSWERED_BY = {
    BRIDGE: ("bridge", "Tom Reed designed the bridge for the Northern Railway."),
    LIT: ("lighthouse", "The lighthouse at Skerry Point was first lit in October 1834."),
    FOUNDED: (
        "school",
        "The school of Larkford has 340 pupils and was founded by Leo Marsh in 1903.",
    ),
    NOT_SAID: None,
    NOT_NEAR: None,
}


def documents() -> list[Document]:
    return [
        make_document(
            Extract(blocks=[Block(text)], title=name.title()),
            document_id=name,
            fallback_title="",
            modified_at=datetime(2020, 1, 1, tzinfo=UTC),
        )
        for name, text in TEXTS.items()
    ]


def case(question: str, **changes: object) -> Case:
    fields: dict[str, object] = {
        "id": question,
        "question": question,
        "history": (),
        "answerable": False,
        "evidence": (),
        "answers": (),
        "tags": (),
    }
    if found := ANSWERED_BY.get(question):
        name, words = found
        start = TEXTS[name].index(words)
        fields |= {"answerable": True, "evidence": (Span(name, start, start + len(words)),)}
    return Case(**(fields | changes))  # type: ignore[arg-type]
