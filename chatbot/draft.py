"""An answer in the making: checked sentences, citations numbered as they are first used, times."""

import time
from collections.abc import Sequence

from chatbot.answer import Citation, Notice, Sentence, Usage, Verdict, Wrote
from chatbot.models import QUOTES
from corpus.document import Span
from index.generation import Generation


class Draft:
    """What is written so far. `is_settled` once there is no need for quotes to stand in."""

    def __init__(self, generation: Generation) -> None:
        self.sentences: list[Sentence] = []
        self.citations: dict[Span, Citation] = {}
        self.notices: list[Notice] = []
        self.usage = Usage()
        self.written_by = QUOTES
        self.problem = ""
        self.is_settled = False
        self.seconds: dict[str, float] = {}
        self._started = self._last = time.monotonic()
        self._generation = generation

    def lap(self, stage: str) -> None:
        """End a stage: note its seconds, and those in all so far."""
        now = time.monotonic()
        self.seconds |= {stage: round(now - self._last, 4), "total": round(now - self._started, 4)}
        self._last = now

    def write(
        self,
        text: str,
        spans: Sequence[Span],
        support: float,
        verdict: Verdict,
        marked: Sequence[Span] = (),
    ) -> Wrote:
        """Add a sentence that rests on `spans`; those `marked` are the words that answer."""
        citations = tuple(self._cite(span) for span in spans)
        sentence = Sentence(
            text=text,
            citations=tuple(citation.number for citation in citations),
            verdict=verdict,
            support=support,
            marks=tuple((m.start - spans[0].start, m.end - spans[0].start) for m in marked),
        )
        self.sentences.append(sentence)
        return Wrote(sentence, citations)

    def _cite(self, span: Span) -> Citation:
        if span not in self.citations:
            document = self._generation.document(span.document_id)
            self.citations[span] = Citation(
                number=len(self.citations) + 1,
                span=span,
                quote=document.text[span.start : span.end],
                title=document.title,
                page=document.page_at(span.start),
                source=document.source,
                published_on=document.published_on,
            )
        return self.citations[span]
