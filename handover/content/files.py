"""Reading YAML so that a mistake is reported with its file and line."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml


class ContentError(Exception):
    """A content file that cannot be used; the message names file, line and what is expected."""

    def __init__(self, path: Path, line: int | None, problem: str) -> None:
        super().__init__(f"{path}{f':{line}' if line else ''}: {problem}")


class Mapping(dict[str, Any]):
    """A YAML mapping that knows the line on which it and each of its keys stand."""

    line: int
    lines: dict[str, int]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """CSafeLoader where libyaml is there: 67 files of answers in 0.2 s instead of 2.

    Without truth values: "No" is the English text of a button, and no editor expects it to become false.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML's own form)
        first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:bool"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _mapping(loader: Any, node: yaml.MappingNode) -> Iterator[Mapping]:
    found = Mapping()
    found.line = node.start_mark.line + 1
    found.lines = {str(key.value): key.start_mark.line + 1 for key, _ in node.value}
    yield found
    names = [str(key.value) for key, _ in node.value]  # as written: "no" is a word here, not false
    for name in names:
        if names.count(name) > 1:
            raise yaml.constructor.ConstructorError(None, None, f"'{name}' stands here twice", node.start_mark)
    found.update(zip(names, [loader.construct_object(value, deep=True) for _, value in node.value], strict=True))


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read_yaml(path: Path) -> Mapping:
    """The mapping in `path`. Raises ContentError."""
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 (derives from SafeLoader)
    except OSError as error:
        raise ContentError(path, None, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ContentError(path, None, "is not UTF-8 text") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ContentError(path, line, f"is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ContentError(path, None, f"is not YAML: {error}") from error
    if not isinstance(found, Mapping):
        raise ContentError(path, 1, "should hold 'key: value' lines")
    return found


PLACEHOLDER = re.compile(r"\{([a-z0-9_]+(?:\.[a-z0-9_]+)*)\}")
