"""Text and code as parts of Markdown documents."""

import re


def markdown_text(text: str) -> str:
    """Text for one line of Markdown or a cell of its tables, with all markup in it as plain characters."""
    escaped = re.sub(r"([\\`*_{}\[\]|~$#!])", r"\\\1", " ".join(text.split()))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def markdown_code(text: str) -> str:
    """A block of code in Markdown, with a fence longer than any in the text."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"
