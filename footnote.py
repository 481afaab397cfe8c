"""The command line: reads settings, dispatches, loads a library only when a command needs it."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from chatbot.answer import as_json
from chatbot.arguments import WRONG_USE, make_parser
from chatbot.opening import open_embedder, open_index, open_reader, open_reranker, open_service
from corpus.errors import FootnoteError

if TYPE_CHECKING:
    from chatbot.reading import Reader
    from chatbot.settings import Settings
    from index.generation import Generation
    from index.store import Filter

GOOD, BELOW_GATE = 0, 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return 0 good, 1 below a gate, 2 wrong use or cannot run."""
    parser = make_parser(COMMANDS)
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help()
        return GOOD
    os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except FootnoteError as error:
        print(f"footnote: {error}", file=sys.stderr)
        return WRONG_USE
    except KeyboardInterrupt:
        print("\nfootnote: stopped.", file=sys.stderr)
        return WRONG_USE
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return GOOD
    return code


def index_command(arguments: argparse.Namespace) -> int:
    """Build or update the index."""
    from chatbot.progress import progress_bar
    from corpus.load import load_corpus
    from index.build import build_index, reusable

    settings = _settings(arguments)
    folder, model = settings.index.folder, settings.index.embedding_model
    if arguments.roll_back:
        from index.generation import roll_back

        return _say(f"The index of {roll_back(folder)} is in use again.")
    made_with: Any = {"embedding_model": model, "passage_tokens": settings.index.passage_tokens}
    with progress_bar("Reading", quiet=arguments.json) as progress:
        corpus = load_corpus(
            arguments.paths or settings.corpus.folders,
            reuse=reusable(folder, **made_with),
            progress=progress,
        )
    with progress_bar("Indexing", quiet=arguments.json) as progress:
        report = build_index(
            corpus, index=folder, load_embedder=open_embedder, progress=progress, **made_with
        )
    with progress_bar("Making questions", quiet=arguments.json) as progress:
        _make_questions(settings, progress)
    if arguments.json:
        return _say(asdict(report))
    print(
        f"{_count(report.documents, 'document')}, {_count(report.passages, 'passage')} "
        f"({report.added} added, {report.updated} updated, {report.removed} removed, "
        f"{report.unchanged} unchanged) in {report.seconds:.1f} s."
    )
    for skipped in report.skipped:
        print(f"skipped {skipped.path}: {skipped.reason}")
    for document, other in report.duplicates:
        print(f"{document} has the same words as {other}")
    return GOOD


def _make_questions(settings: "Settings", progress: Callable[[int, int], None]) -> None:
    """Make the questions to suggest, unless they are there; an index is good without them."""
    from chatbot.models import QUOTES
    from chatbot.suggest import load_questions, store_questions

    generation = open_index(settings)
    known = load_questions(generation)
    generation.close()
    with suppress(FootnoteError, OSError):
        if known is None:
            from chatbot.make_questions import make_questions

            reader = open_reader(settings.with_model(QUOTES))
            store_questions(reader.generation, make_questions(reader, progress))


def search_command(arguments: argparse.Namespace) -> int:
    """Print the passages found for a query."""
    from chatbot.question import check_length
    from chatbot.terminal import show_hits
    from index.search import search

    query = check_length(arguments.query)
    settings = _settings(arguments)
    generation = open_index(settings)
    hits = search(
        query,
        generation=generation,
        embedder=open_embedder(settings.index.embedding_model),
        k=arguments.k,
        where=_filter(arguments, generation),
        reranker=open_reranker(settings),
    )
    value = {"query": query, "hits": [as_json(hit) for hit in hits]}
    return _say(value if arguments.json else show_hits(hits))


def ask_command(arguments: argparse.Namespace) -> int:
    """Print one cited answer, or one for each line of a batch."""
    from chatbot.ask import answer_question
    from chatbot.errors import WrongQuestion
    from chatbot.question import check_length
    from chatbot.terminal import show_answer

    if (arguments.question is None) == (arguments.batch is None):
        raise WrongQuestion("give one question, or a file of them with --batch FILE.")
    if arguments.batch and arguments.show_prompt:
        raise WrongQuestion("--show-prompt shows what one question would be asked with; give one.")
    if arguments.batch:
        return _ask_batch(arguments)
    question = check_length(arguments.question)
    reader = open_reader(_settings(arguments))
    reader = replace(reader, where=_filter(arguments, reader.generation))
    if arguments.show_prompt:
        return _show_prompt(question, reader, as_json=arguments.json)
    answer = answer_question(question, reader=reader)
    return _say(as_json(answer) if arguments.json else show_answer(answer))


def _show_prompt(question: str, reader: "Reader", *, as_json: bool) -> int:
    """Print what a model would be asked, and ask none."""
    from chatbot.ask import prompt_of
    from chatbot.prompt import VERSION

    prompt = prompt_of(question, reader)
    counts = {"passages": prompt.passage_count, "dropped": prompt.dropped_count}
    return _say({"prompt": prompt.text, "version": VERSION, **counts} if as_json else prompt.text)


def _ask_batch(arguments: argparse.Namespace) -> int:
    """Answer each line; one that cannot be asked is reported and the others still run."""
    from chatbot.batch import answer_batch
    from chatbot.terminal import show_answer

    code = GOOD
    lines = answer_batch(arguments.batch, open_reader=lambda: open_reader(_settings(arguments)))
    for number, name, answer in lines:
        if isinstance(answer, str):
            print(f"footnote: {arguments.batch}:{number}: {answer}", file=sys.stderr)
            code = WRONG_USE
        elif arguments.json:
            _say({"id": name, **as_json(answer)})
        else:
            _say(f"{answer.question}\n\n{show_answer(answer)}\n")
    return code


def serve_command(arguments: argparse.Namespace) -> int:
    """Serve the chat page, the API and the widget."""
    from chatbot.settings import read_api_key

    settings, api_key = _settings(arguments), read_api_key()
    host, port = arguments.host or settings.chatbot.host, arguments.port or settings.chatbot.port
    service = open_service(settings)
    open_index(settings).close()  # say now, not on the page, that there is nothing to answer from
    print("Starting Footnote…", file=sys.stderr)
    from chatbot.models.look import tips
    from chatbot.models.remote import LOOPBACK
    from chatbot.server import make_app, serve

    is_here = not service.has_model and host in LOOPBACK  # then whoever reads the page runs it
    hints = tips if is_here else tuple
    app = make_app(service, rules=settings.chatbot, api_key=api_key, tips=hints)
    service.start()
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    serve(
        app,
        host=host,
        port=port,
        started=lambda: print(f"Footnote is at {address} (Ctrl-C stops it)."),
        log_questions=settings.chatbot.log_questions,
    )
    return GOOD


def mcp_command(arguments: argparse.Namespace) -> int:
    """Offer `ask` and `search` to other models, over stdin and stdout (MCP)."""
    from chatbot.mcp_server import serve_tools

    serve_tools(open_service(_settings(arguments)))


def eval_command(arguments: argparse.Namespace) -> int:
    """Run the grounding suite, check its cases, or measure retrieval and speed."""
    from eval.command import Evaluation

    outcome = Evaluation(arguments, _settings(arguments)).run()
    _say(outcome.says)
    return GOOD if outcome.is_good else BELOW_GATE


def show_command(arguments: argparse.Namespace) -> int:
    """Print a document's text as offsets see it, or the list of documents."""
    generation = open_index(_settings(arguments))
    if arguments.document is None:
        titles = generation.store.titles()
        if arguments.json:
            return _say({"documents": [{"id": id_, "title": t} for id_, t in titles.items()]})
        return _say("\n".join(f"{id_}  {title}" for id_, title in titles.items()))
    document = generation.document(arguments.document)
    value = {name: getattr(document, name) for name in ("id", "title", "text", "sha256")}
    return _say(value if arguments.json else document.text)


def widget_command(arguments: argparse.Namespace) -> int:
    """Print the tag that shows the widget in a site, with what that site must allow."""
    from chatbot.snippet import make_snippet, show_snippet

    snippet = make_snippet(_settings(arguments), site=arguments.site, bot=arguments.bot)
    return _say(asdict(snippet) if arguments.json else show_snippet(snippet))


def models_command(arguments: argparse.Namespace) -> int:
    """List what can write answers here: what is installed, has a key, runs, and has models."""
    from chatbot.models.look import look_for_models
    from chatbot.terminal import show_models

    chatbot = _settings(arguments).chatbot
    found = look_for_models(chatbot.model, chatbot.base_url)
    value = {"models": [asdict(each) for each in found]}
    return _say(value if arguments.json else show_models(found))


def doctor_command(arguments: argparse.Namespace) -> int:
    """Say what is configured and whether the index is whole."""
    from chatbot.doctor import examine

    findings = examine(_settings(arguments), arguments.origin)
    value = {found.name: {"good": found.good, "says": found.says} for found in findings}
    rows = [f"{'ok ' if f.good else 'BAD'}  {f.name:10} {f.says}" for f in findings]
    _say(value if arguments.json else "\n".join(rows))
    return GOOD if all(found.good for found in findings) else WRONG_USE


COMMANDS = {
    "index": index_command,
    "search": search_command,
    "ask": ask_command,
    "serve": serve_command,
    "mcp": mcp_command,
    "eval": eval_command,
    "show": show_command,
    "widget": widget_command,
    "models": models_command,
    "doctor": doctor_command,
}


def _settings(arguments: argparse.Namespace) -> "Settings":
    from chatbot.settings import read_settings

    settings = read_settings()
    index = {"folder": arguments.index} if arguments.index else {}
    chosen = settings.model_copy(update={"index": settings.index.model_copy(update=index)})
    model = getattr(arguments, "model", None)
    return chosen.with_model(model) if model else chosen


def _filter(arguments: argparse.Namespace, generation: "Generation") -> "Filter | None":
    """Return which documents to search, or None for all; UnknownDocument if they are not there."""
    from index.store import Filter

    where = Filter(
        documents=tuple(arguments.document or ()),
        folder=arguments.folder,
        since=arguments.since,
        until=arguments.until,
    )
    generation.store.see_that_it_holds(where)
    return where if where != Filter() else None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _say(value: dict[str, Any] | str) -> int:
    """Print text for people, or one JSON object for programs."""
    print(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), flush=True)
    return GOOD


if __name__ == "__main__":
    raise SystemExit(main())
