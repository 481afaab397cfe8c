import re
from importlib import import_module

import corpus.errors
from corpus.errors import FootnoteError

MODULES = [f"{folder}.errors" for folder in ("corpus", "index", "chatbot", "eval")]


def drawn() -> dict[str, str]:
    """The tree of the docstring: the module of each error."""
    rows = re.findall(r"[├└]── (\w+) +(\w+)/errors  ", corpus.errors.__doc__ or "")
    return {name: f"{folder}.errors" for name, folder in rows}


def defined() -> list[type[FootnoteError]]:
    modules = [import_module(name) for name in MODULES]
    values = [value for module in modules for value in vars(module).values()]
    errors = [v for v in values if isinstance(v, type) and issubclass(v, FootnoteError)]
    return [error for error in dict.fromkeys(errors) if error is not FootnoteError]


def test_tree_draws_exactly_the_errors_there_are() -> None:
    assert drawn() == {error.__name__: error.__module__ for error in defined()}


def test_every_error_hangs_on_the_root_itself() -> None:
    assert {error.__bases__ for error in defined()} == {(FootnoteError,)}


def test_every_error_says_what_it_means() -> None:
    assert all((error.__doc__ or "").endswith(".") for error in defined())


def test_no_error_is_defined_elsewhere() -> None:
    for module in ("corpus.load", "index.build", "index.search", "chatbot.ask"):
        import_module(module)
    ours = {e for e in FootnoteError.__subclasses__() if not e.__module__.startswith("test")}
    assert ours == set(defined())
