"""Puts the best passages in a better order with a cross-encoder, where one is named.

Off unless `[index] reranker` names a model on this machine: it costs more than all else together.
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from index.errors import BadModelFiles

if TYPE_CHECKING:
    from index.search import Candidate

RERANKED = 20


class Reranker:
    """A loaded cross-encoder."""

    def __init__(self, name: str) -> None:
        """Load a model by name or folder, from this machine alone."""
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
        from sentence_transformers import CrossEncoder

        try:
            self._model: Any = CrossEncoder(name, device="cpu", trust_remote_code=False)
        except Exception as error:  # safetensors, tokenizers and torch raise their own
            raise BadModelFiles(
                f"the reranker {name!r} cannot be loaded; name a cross-encoder model or folder "
                "that is on this machine in [index] reranker."
            ) from error

    def rank(self, query: str, candidates: Sequence["Candidate"]) -> list["Candidate"]:
        """Return the candidates with the first ones in the model's order, best first.

        Theirs is the model's score, as a probability; the others' is scaled to stay below.
        """
        import torch

        first, rest = list(candidates[:RERANKED]), candidates[RERANKED:]
        if not first:
            return []
        pairs = [(query, candidate.passage.text) for candidate in first]
        given = self._model.predict(
            pairs, activation_fn=torch.nn.Sigmoid(), show_progress_bar=False
        )
        ranked = [
            replace(c, score=round(float(score), 6)) for c, score in zip(first, given, strict=True)
        ]
        ranked.sort(key=lambda c: (-c.score, c.passage.id))
        return [*ranked, *(replace(c, score=min(1.0, c.score) * ranked[-1].score) for c in rest)]
