# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the generated documentation from its sources.

The modules document their options, and documentation fragments the options of several modules. The options of `mail_stack` that take lists of
resources repeat the options of their modules. The argument specifications of the roles repeat the options of `mail_stack`, `queue_policy`,
`mail_doctor` and the connection. `meta/runtime.yml`, the task of the role `provision` and the table of `docs/contents.md` repeat the lists of modules
and resource types. `mail_queue` and `mail_queue_info` repeat the classes of failures.

    .venv/checks/bin/python tests/checks/update_documentation.py          # write
    .venv/checks/bin/python tests/checks/update_documentation.py --check  # fail if something is out of date
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT / ".work/collections"))

COLLECTION = "ansible_collections.postmaster.odoo"
MODULES = CHECKOUT / "plugins/modules"
CONNECTION = "postmaster.odoo.connection"
WRITTEN = "# Written by tests/checks/update_documentation.py.\n"
OUT_OF_DATE = "out of date: run .venv/checks/bin/python tests/checks/update_documentation.py"
WIDTH = 110  # PyYAML breaks a line after the word that exceeds the width

# Return values of a resource's module, and their place in the result of mail_stack.
STACK_RETURNS = {"authorize_url": "connections[].authorize_url"}

# Files that list the parts of a stack.
FILES_WITH_PARTS = (
    "roles/provision/defaults/main.yml",
    "roles/provision/tasks/enforce.yml",
    "roles/provision/tasks/main.yml",
    "roles/provision/README.md",
    "roles/drift/tasks/main.yml",
    "roles/drift/README.md",
    "playbooks/drift.yml",
    "playbooks/drift_baseline.yml",
    "playbooks/onboard.yml",
    "playbooks/provision.yml",
    "docs/drift-in-ci.md",
)

Options = dict[str, Any]
Rename = Callable[[str], str]


class Dumper(yaml.SafeDumper):
    """YAML in the style of yamllint: lists are indented."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def generate_anchor(self, node: yaml.Node) -> str:
        """Name the options that several entry points share."""
        return "options"


def flow_list(dumper: Dumper, values: tuple[Any, ...]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=True)


def text_or_template(dumper: Dumper, value: str) -> yaml.ScalarNode:
    style = '"' if value.startswith("{{") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


Dumper.add_representer(tuple, flow_list)
Dumper.add_representer(str, text_or_template)


def dump(document: Any) -> str:
    """Return a document as YAML; choices are on one line."""
    return yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)


def _on_one_line(values: list[str]) -> list[str] | tuple[str, ...]:
    """Return a list so that it is written on one line, if it fits."""
    return tuple(values) if len(", ".join(map(str, values))) < WIDTH // 2 else values


def documented(module: str) -> Options:
    """Return the options that a module documents, itself or with fragments, without those of the connection."""
    document = documentation(MODULES / f"{module}.py")
    options = dict(document["options"])
    for name in document["extends_documentation_fragment"]:
        if name != CONNECTION:
            # As in Ansible, the module completes or overrides the option of a fragment.
            options |= {option: {**common, **options.get(option, {})} for option, common in fragment(name).items()}
    return options


def fragment(name: str) -> Options:
    """Return the options of a documentation fragment, such as `postmaster.odoo.dns` or `postmaster.odoo.attributes.info`."""
    _namespace, _collection, file, *variable = name.split(".")
    loaded = importlib.import_module(f"{COLLECTION}.plugins.doc_fragments.{file}").ModuleDocFragment
    text = getattr(loaded, variable[0].upper() if variable else "DOCUMENTATION")
    return dict(yaml.safe_load(text).get("options", {}))


def documentation(file: Path) -> dict[str, Any]:
    (text,) = re.findall(r'DOCUMENTATION = r"""\n(.*?)"""', file.read_text(encoding="utf-8"), re.DOTALL)
    return dict(yaml.safe_load(text))


def specification(module: str) -> Mapping[str, Any]:
    """Return the argument specification of a module."""
    return dict(importlib.import_module(f"{COLLECTION}.plugins.modules.{module}").SPECIFICATION.options)


def renamed(options: Options, rename: Rename) -> Options:
    """Return documented options, with the names of options in their texts changed."""

    def text(value: str) -> str:
        return re.sub(r"O\(([^)=]+)(=[^)]*)?\)", lambda found: f"O({rename(found[1])}{found[2] or ''})", value)

    result: Options = {}
    for name, option in options.items():
        changed = {key: _on_one_line(value) if key == "choices" else value for key, value in option.items()}
        changed["description"] = [text(one) for one in option["description"]]
        if "suboptions" in option:
            changed["suboptions"] = renamed(option["suboptions"], rename)
        result[name] = changed
    return result


def as_role_options(options: Options, arguments: Mapping[str, Any]) -> Options:
    """Return documented options as an argument specification of a role has them."""
    result: Options = {}
    for name, option in options.items():
        argument = arguments.get(name, {})
        changed = {key: value for key, value in option.items() if key not in ("suboptions", "required")}
        if option.get("required") and "fallback" not in argument:
            changed["required"] = True
        if "no_log" in argument:
            changed["no_log"] = argument["no_log"]
        if "suboptions" in option:
            changed["options"] = as_role_options(option["suboptions"], argument.get("options", {}))
        # A role returns nothing.
        changed["description"] = [
            re.sub(
                r"RV\(([^)=]+)(?:=([^)]+))?\)",
                lambda found: f"C({found[1]})" + (f" V({found[2]})" if found[2] else ""),
                line,
            )
            for line in changed["description"]
        ]
        result[name] = changed
    return result


def stack_module(text: str) -> str:
    """Return the text of mail_stack.py with the options of its lists."""
    text = with_parts(text)
    for kind in registry().RESOURCE_TYPES:
        if kind.stack_argument and "options" not in kind.stack_argument:
            continue
        options = documented(kind.name)
        named = {
            *kind.options,
            *(() if kind.stack_argument else ("xml_id",)),
            *(("state",) if kind.stack_states else ()),
        }
        own = [name for name in options if name in named]
        part = kind.stack_option
        is_list = {"type": "list", "elements": "dict"}
        text = with_option(text, part, kind.name, {"type": "dict"} if kind.stack_argument else is_list)

        is_dict = kind.stack_argument.get("type") == "dict"

        def rename(name: str, part: str = part, own: list[str] = own, is_dict: bool = is_dict) -> str:
            place = f"{part}.{name}" if is_dict else f"{part}[].{name}"
            return place if re.split(r"[.\[]", name)[0] in own else name

        block = dump({"suboptions": renamed({name: options[name] for name in own}, rename)})
        for value, place in STACK_RETURNS.items():
            block = block.replace(f"RV({value})", f"RV({place})")
        indented = "".join(f"    {line}\n" for line in block.splitlines())
        text = re.sub(
            rf"(?m)^(  {part}:\n(?:    (?!suboptions).*\n|      .*\n)*?)    suboptions:\n(?:      .*\n|\n(?=      ))*",
            lambda found, indented=indented: found[1] + indented,
            text,
            count=1,
        )
    return text


def with_option(text: str, part: str, module: str, kind: Options) -> str:
    """Return the text of mail_stack.py with an option for the resources of a module, if it has none yet."""
    if re.search(rf"(?m)^  {part}:$", text):
        return text
    described = f"{documentation(MODULES / f'{module}.py')['short_description']}, as in M(postmaster.odoo.{module})."
    option = {part: {"description": [described], **kind, "suboptions": {}}}
    indented = "".join(f"  {line}\n" for line in dump(option).replace(" {}\n", "\n").splitlines())
    return text.replace("  routes:\n", f"{indented}  routes:\n", 1)


def with_failure_classes(text: str) -> str:
    """Return the text of a module with all classes of failures as the choices of its option."""
    classes = importlib.import_module(f"{COLLECTION}.plugins.module_utils.smtp.classification").FAILURE_CLASSES
    choices = "".join(f"      - {name}\n" for name in classes)
    return re.sub(r"(?m)^(    choices:\n)(?:      - \w+\n)+", lambda found: found[1] + choices, text)


def runtime_file(text: str) -> str:
    """Return the text of meta/runtime.yml with every module."""
    document = yaml.safe_load(text)
    modules = module_names()
    group = [
        name
        for name in modules
        if importlib.import_module(f"{COLLECTION}.plugins.modules.{name}").SPECIFICATION.connection
    ]
    document["action_groups"] = {"odoo": group}
    document["plugin_routing"]["modules"] = {name: {"action_plugin": "postmaster.odoo.mail_stack"} for name in modules}
    text = dump(document).replace("requires_ansible: '>=2.19.0'", 'requires_ansible: ">=2.19.0"')
    return f"---\n{WRITTEN}{text}"


def stack_parts() -> list[str]:
    """Return the options of `mail_stack` that contain declarations."""
    return list(importlib.import_module(f"{COLLECTION}.plugins.plugin_utils.stack_variables").stack_options())


def with_parts(text: str) -> str:
    """Return a text in which each list of the parts of a stack names all of them."""
    parts = stack_parts()
    text = re.sub(r"'addons [a-z_ ]+'\.split\(\)", f"'{' '.join(parts)}'.split()", text)
    text = re.sub(r"addons, parameters, [a-z_, ]+ and routes", f"{', '.join(parts[:-1])} and routes", text)
    marked = ", ".join(f"`{part}`" for part in parts[:-1])
    text = re.sub(
        r"`addons`, `parameters`, [a-z_`, ]+( and|,) `routes`", lambda found: f"{marked}{found[1]} `routes`", text
    )
    return re.sub(r"(Tags: |choices: \[)addons, [a-z_, ]+, routes", lambda found: f"{found[1]}{', '.join(parts)}", text)


def contents_file(text: str) -> str:
    """Return the text of docs/contents.md with a table of the modules."""
    rows = [f"| `{name}` | {documentation(MODULES / f'{name}.py')['short_description']} |\n" for name in module_names()]
    table = "".join(
        ["<!-- modules: written by tests/checks/update_documentation.py -->\n\n| module | |\n| --- | --- |\n", *rows]
    )
    return re.sub(r"<!-- modules: .*?(?=\n<!-- end -->)", lambda _found: table, text, flags=re.DOTALL)


def module_names() -> list[str]:
    return sorted(file.stem for file in MODULES.glob("*.py"))


def registry() -> Any:
    return importlib.import_module(f"{COLLECTION}.plugins.module_utils.resources.registry")


def connection_options() -> Options:
    arguments = importlib.import_module(
        f"{COLLECTION}.plugins.module_utils.connection_arguments"
    ).connection_arguments()
    options = renamed(fragment(CONNECTION), lambda name: f"odoo_{name}")
    for option in options.values():
        option["description"] = [
            re.sub(
                r"the inventory variable C\(odoo_\w+\) is used, then (the environment variable E\(\w+\))",
                r"\1 is used",
                line,
            )
            for line in option["description"]
        ]
    return {f"odoo_{name}": option for name, option in as_role_options(options, arguments).items()}


def variables(module: str, prefix: str, own: Collection[str]) -> Options:
    """Return options of a module as variables of a role. The module validates their values, so they have no types here."""
    options = {name: option for name, option in documented(module).items() if name in own}
    everything = documented(module)

    def rename(name: str) -> str:
        name = name.removeprefix(f"postmaster.odoo.{module}#module:")
        option = re.split(r"[.\[]", name)[0]
        if option in options and option == name:
            return f"{prefix}{name}"
        return f"postmaster.odoo.{module}#module:{name}" if option in everything else name

    named = renamed(options, rename)
    result: Options = {}
    for name, option in as_role_options(named, specification(module)).items():
        details = (
            [f"The entries and their values are as in O(postmaster.odoo.{module}#module:{name})."]
            if "options" in option
            else []
        )
        values = option.get("choices") or (["true", "false"] if option["type"] == "bool" else [])
        if values:
            *others, last = [f"V({value})" for value in values]
            details.append(f"Valid values are {', '.join(others)} and {last}.")
        kept = {"default": option["default"]} if "default" in option else {}
        result[f"{prefix}{name}"] = {"description": [*option["description"], *details], "type": "raw", **kept}
    return result


def doctor_variables() -> Mapping[str, Options]:
    """Return the variables of each entry point of the role `doctor`, which are the options of `mail_doctor`."""
    options = documented("mail_doctor")
    # A role always has an inventory.
    options["from_inventory"] |= {"default": True}
    options = renamed(options, lambda name: f"doctor_{name}" if name in options else name)
    roles = as_role_options(options, specification("mail_doctor"))
    verdict = {"doctor_fail_on": roles.pop("fail_on")}
    return {"main": {f"doctor_{name}": option for name, option in roles.items()}, "verdict": verdict}


def role_variables() -> Mapping[tuple[str, str], Options]:
    """Return the generated variables of each role and entry point."""
    stack = importlib.import_module(f"{COLLECTION}.plugins.plugin_utils.stack_variables")
    names = stack.known_variables()
    connection, mail, queue = (
        connection_options(),
        variables("mail_stack", stack.MAIL, [name.removeprefix(stack.MAIL) for name in names]),
        variables("queue_policy", stack.QUEUE, [name.removeprefix(stack.QUEUE) for name in names]),
    )
    doctor = doctor_variables()
    return {
        ("doctor", "main"): {**connection, **doctor["main"]},
        ("doctor", "verdict"): doctor["verdict"],
        ("export", "main"): connection,
        ("heal", "main"): connection,
        ("heal", "verdict"): {"heal_fail_on": doctor["verdict"]["doctor_fail_on"]},
        ("smtp_timeout", "main"): connection,
        ("provision", "main"): {**connection, **mail, **queue},
        ("queue_policy", "main"): {**connection, **queue},
        ("drift", "main"): {**connection, **mail, **queue},
        ("drift", "compare"): {**connection, **mail, **queue},
    }


def role_file(role: str, text: str) -> str:
    """Return the text of a role's argument specification with its generated variables."""
    document = _with_flow_choices(yaml.safe_load(text))
    shared: Options = {}
    for (name, entry_point), generated in role_variables().items():
        if name != role:
            continue
        options = document["argument_specs"][entry_point]["options"]
        own = {
            variable: option
            for variable, option in options.items()
            if not variable.startswith(("odoo_mail_", "odoo_queue_")) and variable not in generated
        }
        if "provision_parts" in own:
            own["provision_parts"] |= {"choices": stack_parts(), "default": stack_parts()}
        complete = {**generated, **own}
        shared = shared if shared == complete else complete
        document["argument_specs"][entry_point]["options"] = shared
    return f"---\n{WRITTEN}{dump(document)}"


def _with_flow_choices(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _with_flow_choices(one, str(key)) for key, one in value.items()}
    if isinstance(value, list):
        return _on_one_line(value) if name in ("choices", "default") else [_with_flow_choices(one) for one in value]
    return value


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the documentation that repeats.")
    parser.add_argument("--check", action="store_true", help="write nothing, and fail if something is out of date")
    check = parser.parse_args().check
    outdated = []
    roles = {name for name, _entry_point in role_variables()}
    files: dict[Path, Callable[[str], str]] = {
        MODULES / "mail_stack.py": stack_module,
        **{MODULES / f"{name}.py": with_failure_classes for name in ("mail_queue", "mail_queue_info")},
        CHECKOUT / "meta/runtime.yml": runtime_file,
        **{CHECKOUT / name: with_parts for name in FILES_WITH_PARTS},
        CHECKOUT / "docs/contents.md": contents_file,
    }
    files |= {
        CHECKOUT / f"roles/{role}/meta/argument_specs.yml": lambda text, role=role: role_file(role, text)
        for role in sorted(roles)
    }
    for file, update in files.items():
        before = file.read_text(encoding="utf-8")
        after = update(before)
        if before != after:
            outdated.append(file.relative_to(CHECKOUT))
            if not check:
                file.write_text(after, encoding="utf-8")
    for name in outdated:
        print(f"{name}: {OUT_OF_DATE if check else 'written'}")
    return int(check and bool(outdated))


if __name__ == "__main__":
    sys.exit(main())
