"""Describes the routes below /api as OpenAPI 3.1. Knows what is sent, not how it comes about.

What FastAPI reads off the routes is kept; answers are derived from the types that they are made of,
so that names cannot drift, and openapi.toml has the words.
"""

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from chatbot.answer import FLATTENED, Finished, Retrieved, Started, Wrote
from chatbot.library import Library, ShownDocument

Json = dict[str, Any]
WORDS = Path(__file__).with_name("openapi.toml")
EVENTS = {Started: "meta", Retrieved: "hits", Wrote: "sentence", Finished: "done"}
"""How each event is named that the server sends; one that fails is an `error`, with a Problem."""
_ANSWER = Finished.__name__
_REFS = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Questions that are known to have an answer."""

    suggestions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is no answer: a sentence that says what to do next."""

    error: str


def describe(app: FastAPI) -> Json:
    """Return the description of an app with all its routes."""
    words = tomllib.loads(WORDS.read_text("utf-8"))
    plain = FastAPI.openapi(app)
    taken = plain["components"]["schemas"]
    wanted = {name: taken[name] for name in words["requests"]}
    paths = {path: item for path, item in plain["paths"].items() if path.startswith("/api/")}
    for item in paths.values():
        for operation in item.values():
            _fill(operation, words)
    for name, schema in wanted.items():
        _explain(schema, words["requests"][name])
    return plain | {
        "info": plain["info"] | words["info"],
        "paths": paths,
        "components": {
            "schemas": wanted | _answers(words["answers"]),
            "securitySchemes": {"key": words["key"]},
        },
    }


def _answers(words: Json) -> Json:
    """Return the schemas of all that is sent, each field explained and always there."""
    kinds = (*EVENTS, Library, ShownDocument, Suggestions, Problem)
    derived = TypeAdapter.json_schemas(
        [(kind, "serialization", TypeAdapter(kind)) for kind in kinds],
        ref_template=_REFS + "{model}",
    )[1]["$defs"]
    derived["Hit"]["properties"].pop("sentences")  # as_json leaves them out
    for schema in derived.values():
        schema["properties"] = _flat(schema, derived)
        schema |= {"required": list(schema["properties"]), "additionalProperties": False}
    derived["Answer"] = derived.pop(_ANSWER)  # which has its id
    used = {name: derived[name] for name in words}
    for name, schema in used.items():
        _explain(schema, words[name])
    return used


def _flat(schema: Json, derived: Json) -> Json:
    properties: Json = {}
    for name, value in schema["properties"].items():
        if name in FLATTENED:
            properties |= _flat(derived[value["$ref"].removeprefix(_REFS)], derived)
        else:
            properties[name] = dict(value)
    return properties


def _explain(schema: Json, words: Json) -> None:
    """Put a word to each field: a text, or a table with its bounds."""
    schema["description"] = words["about"]
    for name, value in schema["properties"].items():
        value.pop("title", None)
        value.pop("default", None)
        word = words[name]
        value |= {"description": word} if isinstance(word, str) else word


def _fill(operation: Json, words: Json) -> None:
    own = words["operations"][operation["operationId"]]
    operation |= {name: own[name] for name in ("summary", "description")}
    for parameter in operation.get("parameters", ()):
        parameter |= own["parameters"][parameter["name"]]
    if "example" in own:
        operation["requestBody"]["content"]["application/json"]["example"] = own["example"]
        operation["security"] = [{"key": []}, {}]
    answer = {"schema": _ref(own["answer"])} if "answer" in own else {}
    good: Json = {"description": own["good"]}
    if answer:
        good["content"] = {"application/json": answer}
    if "example_answer" in own:
        answer["example"] = json.loads(own["example_answer"])  # TOML has no null
        data = {name: _ref(kind.__name__) for kind, name in EVENTS.items()}
        stream = words["stream"] | {"x-events": data | {"error": _ref("Problem")}}
        good["content"]["text/event-stream"] = stream
    operation["responses"] = {"200" if answer else "204": good}
    problem = {"application/json": {"schema": _ref("Problem")}}
    for status in own["refuses"]:
        refusal = words["refusals"][str(status)]
        operation["responses"][str(status)] = refusal | {"content": problem}


def _ref(name: str) -> Json:
    return {"$ref": _REFS + ("Answer" if name == _ANSWER else name)}
