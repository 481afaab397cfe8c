"""Our passages as llama-index nodes: a parser and a retriever, for those who build with it.

Does not split or search itself. llama-index finds a node's offsets again by looking for its text,
which goes wrong where a text repeats; here they are the passage's own.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.node_parser import NodeParser
from llama_index.core.schema import (
    BaseNode,
    MetadataMode,
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    TextNode,
)

from corpus.document import Document
from index.embed import QueryEmbedder
from index.generation import Generation
from index.passage import Passage
from index.search import search
from index.split import PASSAGE_TOKENS, split_document


class PassageParser(NodeParser):
    """Splits llama-index documents into passages of whole sentences with exact offsets."""

    passage_tokens: int = PASSAGE_TOKENS

    def _parse_nodes(
        self,
        nodes: Sequence[BaseNode],
        show_progress: bool = False,
        **kwargs: Any,  # noqa: ANN401
    ) -> list[BaseNode]:
        return [
            _node(passage, node)
            for node in nodes
            for passage in split_document(_document(node), passage_tokens=self.passage_tokens)
        ]

    def _postprocess_parsed_nodes(
        self, nodes: list[BaseNode], parent_doc_map: dict[str, Any]
    ) -> list[BaseNode]:
        ours = [node for node in nodes if isinstance(node, TextNode)]
        offsets = [(node.start_char_idx, node.end_char_idx) for node in ours]
        super()._postprocess_parsed_nodes(nodes, parent_doc_map)
        for node, (start, end) in zip(ours, offsets, strict=True):
            node.start_char_idx, node.end_char_idx = start, end
        return nodes


class PassageRetriever(BaseRetriever):
    """Finds passages of an open index for any llama-index query engine."""

    def __init__(self, generation: Generation, embedder: QueryEmbedder, *, k: int = 10) -> None:
        self._generation = generation
        self._embedder = embedder
        self._k = k
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        query = query_bundle.query_str
        hits = search(query, generation=self._generation, embedder=self._embedder, k=self._k)
        return [NodeWithScore(node=_node(hit.passage, None), score=hit.score) for hit in hits]


def _document(node: BaseNode) -> Document:
    text = node.get_content(metadata_mode=MetadataMode.NONE)
    return Document(
        id=node.node_id,
        title=str(node.metadata.get("title") or node.metadata.get("file_name") or ""),
        text=text,
        headings=(),
        pages=(),
        source=None,
        published_on=None,
        language=None,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        modified_at=datetime.now(UTC),
    )


def _node(passage: Passage, parent: BaseNode | None) -> TextNode:
    return TextNode(
        id_=passage.id,
        text=passage.text,
        start_char_idx=passage.span.start,
        end_char_idx=passage.span.end,
        metadata={"document_id": passage.span.document_id, "headings": list(passage.heading_path)},
        relationships={NodeRelationship.SOURCE: parent.as_related_node_info()} if parent else {},
    )
