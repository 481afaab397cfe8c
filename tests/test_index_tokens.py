import os
import subprocess
import sys

from index.tokens import count_tokens


def test_tokens_are_counted_as_cl100k_counts_them() -> None:
    assert [count_tokens(text) for text in ("", "hello world", "negotiations")] == [0, 2, 3]


def test_special_tokens_are_plain_text() -> None:
    assert count_tokens("<|endoftext|>") > 1


def test_no_network_and_no_cache_folder_is_needed() -> None:
    program = (
        "import socket\n"
        "def refuse(*a, **k): raise AssertionError('the network was asked')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from index.tokens import count_tokens\n"
        "print(count_tokens('hello world'))\n"
    )
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("TIKTOKEN", "DATA_GYM"))}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=bare, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "2\n"
