"""Whether an HTML page is well-formed, accessible and self-contained."""

from html.parser import HTMLParser

VOID = {"meta", "img", "br", "link", "input", "hr"}
LOADS = {"src", "href", "srcset", "xlink:href", "poster", "data", "action"}
"""Attributes from which browsers load or to which they go."""


class PageChecks(HTMLParser):
    """Collects problems of a page while it is fed.

    Attributes:
        problems: What is wrong.
        text: All text outside of styles.
        tags: Names of all elements.
        links: Targets of all links.
        frames: Contents of embedded pages.
    """

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []
        self.text = ""
        self.tags: list[str] = []
        self.links: list[str] = []
        self.frames: list[str] = []
        self._open: list[str] = []
        self._ids: set[str] = set()
        self._level = 0
        self._captions: list[bool] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        if len(values) < len(attrs):
            self.problems.append(f"<{tag}> has an attribute twice")
        if identifier := values.get("id"):
            if identifier in self._ids:
                self.problems.append(f"the id {identifier} occurs twice")
            self._ids.add(identifier)
        if tag not in VOID:
            self._open.append(tag)
        if tag in ("h1", "h2", "h3", "h4"):
            level = int(tag[1])
            if level > self._level + 1 or (level == 1 and self._level):
                self.problems.append(f"<{tag}> follows <h{self._level}>")
            self._level = level
        if tag == "html" and not values.get("lang"):
            self.problems.append("no language")
        if tag == "img" and not values.get("alt"):
            self.problems.append("an image without alt")
        if tag == "svg" and not (values.get("role") == "img" and values.get("aria-label")):
            self.problems.append("an svg without a label")
        if tag == "iframe":
            if not (values.get("title") and values.get("sandbox") == "allow-scripts"):
                self.problems.append("a frame without title or sandbox")
            self.frames.append(values.get("srcdoc") or "")
        if tag == "th" and values.get("scope") not in ("row", "col"):
            self.problems.append("a header cell without scope")
        if values.get("role") == "region" and not (values.get("aria-label") and values.get("tabindex") == "0"):
            self.problems.append("a region without a label, or out of reach of the keyboard")
        if tag == "table":
            self._captions.append(False)
        if tag == "caption":
            self._captions[-1] = True
        for name, value in attrs:
            if name.startswith("on") or "javascript:" in (value or "").lower():
                self.problems.append(f"<{tag}> has {name}={value!r:.80}")
            if name in LOADS and value is not None:
                self.links.append(value)
                if not value.startswith(("data:image/", "#")) and (tag != "a" or ":" in value):
                    self.problems.append(f"<{tag}> loads {value[:80]!r}")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"</{tag}> closes something else")
        if tag == "table" and not self._captions.pop():
            self.problems.append("a table without a caption")

    def handle_data(self, data):
        if not self._open or self._open[-1] != "style":
            self.text += data

    def finished(self) -> "PageChecks":
        """Ends the page."""
        self.close()
        if self._open:
            self.problems.append(f"{self._open} are never closed")
        inside = [link[1:] for link in self.links if link.startswith("#")]
        self.problems += [f"the link #{name} leads nowhere" for name in inside if name not in self._ids]
        return self


def checked(page: str) -> PageChecks:
    """Checks a page."""
    checks = PageChecks()
    checks.feed(page)
    checks.finished()
    if not page.startswith("<!doctype html>"):
        checks.problems.append("no doctype")
    return checks
