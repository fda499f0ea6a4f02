"""Jinja with nothing undefined and nothing escaped behind our back: the views hold only checked text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import jinja2

from sdk import resources


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources.path("templates")),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - the output is C
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(template: str, context: Mapping[str, object]) -> str:
    """Render one of the templates in ``templates/``."""
    return _environment().get_template(template).render(context)
