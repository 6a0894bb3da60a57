"""One loader of architectures of all families, which checks version, kind, keys and hash."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from relnas_mm.architectures.base import DOCUMENT_KEYS, SCHEMA_VERSION, Architecture
from relnas_mm.architectures.chain import Chain
from relnas_mm.architectures.darts_text import is_darts_text, read_darts_text, with_our_names
from relnas_mm.architectures.genotype import Genotype
from relnas_mm.architectures.zoo import CHAINS, GENOTYPES
from relnas_mm.errors import UserError, shown
from relnas_mm.files import parse_json, read_text

Source = str | os.PathLike[str] | Mapping[str, Any] | Architecture

PUBLISHED: dict[str, Mapping[str, Architecture]] = {Genotype.kind: GENOTYPES, Chain.kind: CHAINS}
"""The published architectures of each family, by name."""
DEFAULT_KIND = Genotype.kind
"""The kind of a document without one, such as a hand-written genotype."""
_SHOWN = 200


def load_architecture(source: Source, family: type[Architecture] | None = None) -> Architecture:
    """Loads an architecture by name, from a file, from a mapping, or from the text that DARTS prints.

    Args:
        source: A published name, the path of a file, a mapping with the keys of the family's `to_dict`, or an
            architecture, which is returned as it is.  A file contains JSON, or `Genotype(…)` as DARTS and its forks
            print it, in a log or alone; such text may also be given itself.
        family: Class to which the architecture must belong; `None` allows all families.

    Raises:
        UserError: The name is unknown, the file is missing or holds no architecture, or its schema version, kind, hash
            or content is invalid.
    """
    kind = "architecture" if family is None else family.kind
    if isinstance(source, Architecture):
        return _checked_family(source, family, f"{source}")
    if isinstance(source, Mapping):
        return _from_document(source, family, f"the {kind} mapping")
    if not isinstance(source, (str, os.PathLike)):
        raise UserError(f"the {kind} is {shown(source, _SHOWN)}; it must be a name, the path of a file or a mapping")
    name = str(os.fspath(source))
    known = {n: a for k, named in PUBLISHED.items() if family is None or k == family.kind for n, a in named.items()}
    if name in known:
        return known[name]
    path = _existing(name)
    if path is not None:
        return _from_file(path, family, f"the {kind} file {name!r}")
    if is_darts_text(name):
        return _from_text(name, family, f"the {kind} text {shown(name, _SHOWN)}")
    if name.endswith((".json", ".txt")):
        raise UserError(
            f"the {kind} file {shown(name, _SHOWN)} does not exist; names without a file are {', '.join(known)}"
        )
    raise UserError(f"unknown {kind} {shown(name, _SHOWN)}; use one of {', '.join(known)} or the path of a .json file")


def load_genotype(source: Source) -> Genotype:
    """Loads a genotype by name, from a file, a mapping, or `Genotype(…)` as DARTS prints it (`load_architecture`).

    Raises:
        UserError: As `load_architecture`.
    """
    return cast(Genotype, load_architecture(source, Genotype))


def load_chain(source: Source) -> Chain:
    """Loads a chain by name, from a JSON file, or from a mapping with `width` and `layers` (`load_architecture`).

    Raises:
        UserError: As `load_architecture`.
    """
    return cast(Chain, load_architecture(source, Chain))


def save_genotype(genotype: Genotype, path: "str | os.PathLike[str]", meta: dict[str, Any] | None = None) -> Path:
    """Writes a genotype as JSON, atomically.

    Args:
        genotype: The genotype.
        path: The file; its folder is created if missing.
        meta: Provenance, as JSON-serializable data; not part of the hash.

    Returns:
        The path of the file.

    Raises:
        UserError: The file cannot be written.
    """
    return genotype.save(Path(path), meta)


def _existing(name: str) -> Path | None:
    """The file, or whatever is there under that path; `None` if there is nothing, or if no path looks like that."""
    try:
        path = Path(name).expanduser()
        return path if name and path.exists() else None
    except (OSError, ValueError, RuntimeError):  # too long, a NUL character, the home of nobody
        return None


def _from_file(path: Path, family: type[Architecture] | None, source: str) -> Architecture:
    if not path.is_file():
        raise UserError(f"{source} is {'a folder' if path.is_dir() else 'no regular file'}; name a .json file")
    text = read_text(path, source)
    if is_darts_text(text) and not text.lstrip().startswith("{"):
        return _from_text(text, family, source)
    return _from_document(parse_json(text, source), family, source)


def _from_text(text: str, family: type[Architecture] | None, source: str) -> Architecture:
    genotype = Genotype.from_dict(read_darts_text(text, source), source)
    return _checked_family(genotype, family, source)


def _from_document(document: Any, family: type[Architecture] | None, source: str) -> Architecture:
    if not isinstance(document, Mapping):
        if family is None:
            raise UserError(f"{source}: an architecture is a mapping, not {type(document).__name__}")
        return family.from_dict(document, source)  # raises the error of the family
    version = document.get("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        raise UserError(f"{source} has schema_version {version!r}; this release reads {SCHEMA_VERSION}")
    kind = document.get("kind", DEFAULT_KIND if family is None else family.kind)
    if not isinstance(kind, str) or kind not in Architecture.families or (family is not None and kind != family.kind):
        allowed = sorted(Architecture.families) if family is None else [family.kind]
        raise UserError(f"{source} is of kind {kind!r}; allowed are {', '.join(map(repr, allowed))}")
    content = {key: value for key, value in document.items() if key not in DOCUMENT_KEYS}
    if kind == Genotype.kind:
        content = with_our_names(content)
    architecture = Architecture.families[kind].from_dict(content, source)
    if document.get("hash", architecture.hash) != architecture.hash:
        raise UserError(
            f"{source}: its hash {str(document['hash'])[:12]}… does not fit its content ({architecture.hash[:12]}…); "
            "remove the 'hash' entry if it was edited on purpose"
        )
    return architecture


def _checked_family(architecture: Architecture, family: type[Architecture] | None, source: str) -> Architecture:
    if family is not None and not isinstance(architecture, family):
        raise UserError(f"{source} is of kind {architecture.kind!r}; allowed is {family.kind!r}")
    return architecture
