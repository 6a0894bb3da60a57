"""Genotypes on disk: JSON with a schema version, read strictly and written atomically."""

import os
from pathlib import Path
from typing import Any

from relnas_mm.errors import UserError
from relnas_mm.files import read_json, write_json
from relnas_mm.genotype.genotype import Genotype
from relnas_mm.genotype.zoo import ZOO

SCHEMA_VERSION = 1
_OWN_KEYS = {"schema_version", "hash", "meta"}


def load_genotype(source: "str | os.PathLike[str] | dict[str, Any] | Genotype") -> Genotype:
    """A genotype by name, from a JSON file, or from a mapping.

    Args:
        source: A name of `ZOO`, the path of a file written by `save_genotype`, a mapping with `normal`, `reduce`
            and optionally `concat` and `reduce_concat`, or a `Genotype`, which is returned as it is.

    Raises:
        UserError: The name is unknown, the file is missing, is not JSON or has another schema version, its hash
            does not fit its content, or an entry is bad.
    """
    if isinstance(source, Genotype):
        return source
    if isinstance(source, dict):
        return _from_document(source, "the genotype mapping")
    name = os.fspath(source)
    if name in ZOO:
        return ZOO[name]
    path = Path(name).expanduser()
    if path.suffix != ".json" and not path.is_file():
        raise UserError(f"unknown genotype {name!r}; use one of {', '.join(ZOO)} or the path of a .json file")
    if not path.exists():
        raise UserError(f"the genotype file {name!r} does not exist; names without a file are {', '.join(ZOO)}")
    source = f"the genotype file {name!r}"
    return _from_document(read_json(path, source), source)


def save_genotype(genotype: Genotype, path: "str | os.PathLike[str]", meta: dict[str, Any] | None = None) -> Path:
    """Writes a genotype as JSON: complete or not at all.

    Args:
        genotype: What to write.
        path: The file to write; its folder is made if missing.
        meta: Anything JSON can hold that says where the genotype comes from; kept beside it, not part of its hash.

    Returns:
        The path written.

    Raises:
        UserError: The file cannot be written.
    """
    path = Path(path)
    document = {
        "schema_version": SCHEMA_VERSION,
        **genotype.to_dict(),
        "hash": genotype.hash,
        "meta": meta or {},
    }
    write_json(path, document, f"the genotype file {str(path)!r}")
    return path


def _from_document(document: Any, source: str) -> Genotype:
    if not isinstance(document, dict):
        raise UserError(f"{source}: a genotype is a mapping with 'normal' and 'reduce', not {type(document).__name__}")
    version = document.get("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        raise UserError(f"{source} has schema_version {version!r}; this release reads {SCHEMA_VERSION}")
    genotype = Genotype.from_dict({k: v for k, v in document.items() if k not in _OWN_KEYS}, source)
    if document.get("hash", genotype.hash) != genotype.hash:
        raise UserError(
            f"{source}: its hash {str(document['hash'])[:12]}… does not fit its cells ({genotype.hash[:12]}…); "
            "remove the 'hash' entry if the cells were edited on purpose"
        )
    return genotype
