"""Counts tokens with tiktoken, offline. The one file that knows tiktoken."""

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path


def count_tokens(text: str) -> int:
    """Return the number of cl100k tokens in `text`; special tokens count as plain text."""
    return len(_encoding().encode_ordinary(text))


@cache
def _encoding():  # type: ignore[no-untyped-def]  # noqa: ANN202
    import tiktoken

    # llama-index-core carries the encoding's file; without this tiktoken would download it.
    spec = find_spec("llama_index.core")
    if spec and spec.submodule_search_locations:
        folder = Path(spec.submodule_search_locations[0], "_static", "tiktoken_cache")
        os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(folder))
    return tiktoken.get_encoding("cl100k_base")
