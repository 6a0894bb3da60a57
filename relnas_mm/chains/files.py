"""Chains on disk: JSON with a schema version, read strictly and written atomically."""

import os
from pathlib import Path
from typing import Any

from relnas_mm.chains.chain import Chain
from relnas_mm.chains.zoo import CHAINS
from relnas_mm.errors import UserError
from relnas_mm.files import read_json, write_json

SCHEMA_VERSION = 1
_OWN_KEYS = {"schema_version", "kind", "hash", "meta"}


def load_chain(source: "str | os.PathLike[str] | dict[str, Any] | Chain") -> Chain:
    """A chain by name, from a JSON file, or from a mapping.

    Args:
        source: A name of `CHAINS`, the path of a file written by `save_chain`, a mapping with `width`, `layers` and
            optionally `skip`, or a `Chain`, which is returned as it is.

    Raises:
        UserError: The name is unknown, the file is missing, is not JSON or has another schema version, its hash
            does not fit its content, or an entry is bad.
    """
    if isinstance(source, Chain):
        return source
    if isinstance(source, dict):
        return _from_document(source, "the network mapping")
    name = os.fspath(source)
    if name in CHAINS:
        return CHAINS[name]
    path = Path(name).expanduser()
    if not path.is_file():
        raise UserError(f"there is no network {name!r}; use one of {', '.join(CHAINS)} or the path of a .json file")
    source = f"the network file {name!r}"
    return _from_document(read_json(path, source), source)


def save_chain(chain: Chain, path: "str | os.PathLike[str]", meta: dict[str, Any] | None = None) -> Path:
    """Writes a chain as JSON: complete or not at all.

    Args:
        chain: What to write.
        path: The file to write; its folder is made if missing.
        meta: Anything JSON can hold that says where the chain comes from; kept beside it, not part of its hash.

    Returns:
        The path written.

    Raises:
        UserError: The file cannot be written.
    """
    path = Path(path)
    document = {"schema_version": SCHEMA_VERSION, "kind": "chain", **chain.to_dict(), "hash": chain.hash}
    write_json(path, {**document, "meta": meta or {}}, f"the network file {str(path)!r}")
    return path


def _from_document(document: Any, source: str) -> Chain:
    if not isinstance(document, dict):
        raise UserError(f"{source}: a chain is a mapping with 'width' and 'layers', not {type(document).__name__}")
    version, kind = document.get("schema_version", SCHEMA_VERSION), document.get("kind", "chain")
    if version != SCHEMA_VERSION or kind != "chain":
        raise UserError(f"{source} is a {kind!r} of schema_version {version!r}; read is 'chain' of {SCHEMA_VERSION}")
    chain = Chain.from_dict({key: value for key, value in document.items() if key not in _OWN_KEYS}, source)
    if document.get("hash", chain.hash) != chain.hash:
        raise UserError(
            f"{source}: its hash {str(document['hash'])[:12]}… does not fit its layers ({chain.hash[:12]}…); "
            "remove the 'hash' entry if they were edited on purpose"
        )
    return chain
