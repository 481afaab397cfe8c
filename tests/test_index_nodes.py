from llama_index.core.schema import Document as LlamaDocument
from llama_index.core.schema import TextNode

from index.embed import Embedder
from index.generation import Generation
from index.nodes import PassageParser, PassageRetriever
from index.search import search
from index.tokens import count_tokens

REPEATED = "The gangs agreed. The truce held for a year. " * 40


def test_parser_keeps_exact_offsets_where_text_repeats() -> None:
    nodes = PassageParser().get_nodes_from_documents([LlamaDocument(text=REPEATED, id_="d")])
    assert len(nodes) > 1
    covered = 0
    for node in nodes:
        assert isinstance(node, TextNode)
        assert node.start_char_idx is not None
        assert REPEATED[node.start_char_idx : node.end_char_idx] == node.get_content()
        assert node.start_char_idx >= covered
        covered = node.end_char_idx or 0
    assert covered == len(REPEATED.rstrip())


def test_parser_cuts_to_the_size_asked_for() -> None:
    parser = PassageParser(passage_tokens=40)
    nodes = parser.get_nodes_from_documents([LlamaDocument(text=REPEATED, id_="d")])
    assert len(nodes) > 8
    assert all(count_tokens(node.get_content()) <= 40 for node in nodes)


def test_nodes_name_their_document() -> None:
    (node,) = PassageParser().get_nodes_from_documents([LlamaDocument(text="One.", id_="d")])
    assert node.ref_doc_id == "d"
    assert node.metadata["document_id"] == "d"


def test_retriever_gives_nodes_with_scores(generation: Generation, embedder: Embedder) -> None:
    found = PassageRetriever(generation, embedder, k=3).retrieve("Who coined narco-peace?")
    assert len(found) == 3
    assert "Felbab-Brown" in found[0].node.get_content()
    assert found[0].score is not None
    assert found[0].score >= (found[1].score or 0)
    hits = search("Who coined narco-peace?", generation=generation, embedder=embedder, k=3)
    assert [node.node.node_id for node in found] == [hit.passage.id for hit in hits]
    for node in found:
        assert isinstance(node.node, TextNode)
        document = generation.document(node.node.metadata["document_id"])
        start, end = node.node.start_char_idx, node.node.end_char_idx
        assert document.text[start:end] == node.node.get_content()
