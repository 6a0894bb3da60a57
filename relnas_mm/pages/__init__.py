"""What the HTML pages of reports share: a base template with its styles, for light, dark, wide and narrow screens."""

from collections.abc import Mapping
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined


def render_page(package: str, template: str, content: Mapping[str, Any]) -> str:
    """Renders a template, in which all values are escaped.

    Args:
        package: Package of the template, such as 'relnas_mm.comparison'.
        template: Its file name; it may extend `pages/base.html.j2`, and import `pages/tables.html.j2`.
        content: Its variables.
    """
    shared = PrefixLoader({"pages": PackageLoader("relnas_mm.pages", ".")})
    loader = ChoiceLoader([PackageLoader(package, "."), shared])
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    return environment.get_template(template).render(content)
