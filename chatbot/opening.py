"""Opens what settings name: the index, its embedder, the model, all that answers a question.

Loads each library only when it is wanted: most commands need little of this.
"""

import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatbot.reading import Reader
    from chatbot.service import Service
    from chatbot.settings import Settings
    from index.embed import Embedder, Reranker
    from index.generation import Generation


def open_index(settings: "Settings") -> "Generation":
    """Open the generation in use; MissingIndex, StaleIndex or DamagedIndex says why not."""
    from index.generation import open_current

    return open_current(
        settings.index.folder,
        embedding_model=settings.index.embedding_model,
        passage_tokens=settings.index.passage_tokens,
    )


def open_reader(settings: "Settings") -> "Reader":
    """Open all that is needed to answer; UnknownModel before anything is loaded."""
    from chatbot.models import load_model
    from chatbot.reading import Reader
    from chatbot.span_reader import SpanReader

    return Reader(
        model=load_model(settings.chatbot.model, settings.chatbot),
        generation=open_index(settings),
        embedder=open_embedder(settings.index.embedding_model),
        span_reader=SpanReader(),
        reranker=open_reranker(settings),
        strict=settings.chatbot.strict,
    )


def open_service(settings: "Settings") -> "Service":
    """Return what a server answers with, not started; UnknownModel before anything is loaded."""
    from chatbot.models import load_model
    from chatbot.service import Service

    return Service(
        index=settings.index.folder,
        embedding_model=settings.index.embedding_model,
        passage_tokens=settings.index.passage_tokens,
        model=load_model(settings.chatbot.model, settings.chatbot),
        strict=settings.chatbot.strict,
        reranker=settings.index.reranker,
        suggestions=settings.chatbot.suggested_questions,
    )


@cache
def open_embedder(name: str) -> "Embedder":
    """Load the embedding model, once, and say so to whoever waits at a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write("Loading the embedding model (ten seconds the first time)…\n")
    from index.embed import load_embedder

    return load_embedder(name)


def open_reranker(settings: "Settings") -> "Reranker | None":
    """Load the cross-encoder, if one is configured."""
    from index.embed import Reranker

    return Reranker(settings.index.reranker) if settings.index.reranker else None
