"""One reader a format: a file in, an Extract out. Readers do not know ids, folders or offsets.

To add one, write `read_<format>(path: Path) -> Extract` in a file of its own; give it a row here.
Anything a reader raises becomes an UnreadableDocument: one bad file never stops a run.
"""

from importlib import import_module
from pathlib import Path

from corpus.blocks import Extract
from corpus.errors import UnreadableDocument

READERS = {
    ".txt": "corpus.readers.plain:read_plain",
    ".text": "corpus.readers.plain:read_plain",
    ".md": "corpus.readers.markdown:read_markdown",
    ".markdown": "corpus.readers.markdown:read_markdown",
    ".html": "corpus.readers.html:read_html",
    ".htm": "corpus.readers.html:read_html",
    ".xhtml": "corpus.readers.html:read_html",
    ".pdf": "corpus.readers.pdf:read_pdf",
    ".docx": "corpus.readers.docx:read_docx",
    ".pptx": "corpus.readers.converted:read_slides",
    ".xlsx": "corpus.readers.converted:read_sheets",
    ".epub": "corpus.readers.converted:read_epub",
    ".csv": "corpus.readers.converted:read_table",
    ".tsv": "corpus.readers.converted:read_table",
    ".json": "corpus.readers.converted:read_json",
    ".jsonl": "corpus.readers.converted:read_json",
    ".eml": "corpus.readers.converted:read_mail",
}


def read(file: Path, reader: str) -> Extract:
    """Read `file` with the reader named, importing that reader's library only now."""
    module, function = reader.split(":")
    try:
        extract: Extract = getattr(import_module(module), function)(file)
    except (UnreadableDocument, MemoryError):
        raise
    except OSError as error:
        raise UnreadableDocument(f"cannot be opened: {error.strerror or error}") from error
    except RecursionError as error:
        raise UnreadableDocument("nested too deeply to be read") from error
    except Exception as error:  # parsers raise anything at all on damaged input
        raise UnreadableDocument("damaged, or not what its name says") from error
    return extract
