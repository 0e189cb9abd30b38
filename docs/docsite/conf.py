# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of Sphinx. tests/checks/build_site.py appends them to those that `antsibull-docs sphinx-init` writes."""

import re
from typing import Any

from docutils import nodes
from pygments.lexers import get_lexer_by_name

# sphinx-init loads inventories of other sites, which needs a network.
extensions = ["sphinx_antsibull_ext", "myst_parser", "sphinx.ext.githubpages"]
intersphinx_mapping: dict[str, Any] = {}

source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
myst_heading_anchors = 4
highlight_language = "text"
nitpicky = True
smartquotes = False  # options such as --check stay as they are

pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
antsibull_ext_color_scheme = "default"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {
    "source_repository": "https://github.com/postmaster-odoo/postmaster.odoo",
    "footer_icons": [],
}

ANSIBLE = "https://docs.ansible.com/projects/ansible/latest"
ANSIBLE_LABELS = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "callback_plugins": "plugins/callback.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
ANSIBLE_MODULE = "ansible_collections.ansible.builtin."


def link_to_ansible(app: Any, environment: Any, reference: Any, content: Any) -> Any:
    """Link a reference to Ansible's own documentation. Sphinx warns of every other reference that it cannot resolve."""
    target = reference["reftarget"]
    if reference["reftype"] == "envvar" and target.startswith("ANSIBLE_"):
        page = f"reference_appendices/config.html#envvar-{target}"
    elif target.startswith(ANSIBLE_MODULE):
        page = f"collections/ansible/builtin/{target.removeprefix(ANSIBLE_MODULE)}.html"
    elif target in ANSIBLE_LABELS:
        page = ANSIBLE_LABELS[target]
    else:
        return None
    link = nodes.reference("", "", internal=False, refuri=f"{ANSIBLE}/{page}")
    link += content
    return link


def adapt_plugin_page(app: Any, page: str, source: list[str]) -> None:
    """Remove the table of contents, because the theme has one at the side. Shorten titles."""
    if page == "plugins/index":
        source[0] = source[0].replace(
            "Postmaster.Odoo\n===============\n", "Modules and plugins\n===================\n"
        )
    if page.startswith("plugins/"):
        text = re.sub(r"^\.\. contents::\n(?: +.*\n)+", "", source[0], flags=re.MULTILINE)
        text = re.sub(r"^(postmaster\.odoo\.\w+ \w+|\* :ansplugin:`[^`]+`) -- ", r"\1: ", text, flags=re.MULTILINE)
        source[0] = re.sub(r"^    ((\w+)_([a-z]+))$", r"    \2 \3 <\1>", text, flags=re.MULTILINE)


def setup(app: Any) -> None:
    app.add_lexer("dns", type(get_lexer_by_name("zone")))
    app.connect("source-read", adapt_plugin_page)
    app.connect("missing-reference", link_to_ansible)
