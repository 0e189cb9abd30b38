# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The predicted routing, compared with Odoo's treatment of the mails."""

from __future__ import annotations

import json
import random
from collections import Counter
from email import message_from_bytes, message_from_string, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import (
    RULES,
    Route,
    Rules,
    addresses_in,
    mail_server_of,
    route,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import rewrites_unmatched
from instance import LabInstance
from mail_servers import password_server, run_tasks

SCRIPT = (Path(__file__).parent / "routing_script.py").read_text()
SEED = 20261124
SCENARIOS = 250

DOMAINS = ["acme.example", "shop.acme.example", "bücher.example"]
LOCALS = ["sales", "Billing", "o'neil+tag"]
ADDRESSES = [f"{local}@{domain}" for local in LOCALS for domain in DOMAINS]
NAMES = ["", "Ann Lee", "Lee, Ann", 'Ann "A" Lee', "Zoë", "ann@elsewhere.example"]


def a_filter(chance: random.Random, addresses: list[str]) -> str:
    """Return a from_filter, mostly in a common form."""
    named = [*addresses, *(address.partition("@")[2] for address in addresses)]
    entries = [chance.choice(named) for _each in range(chance.choice([1, 1, 1, 2, 3]))]
    entries = [
        chance.choice([entry, entry, entry.upper(), f"Sales <{entry}>" if "@" in entry else entry]) for entry in entries
    ]
    several = chance.choice([",", ", ", " ,"]).join(entries)
    return chance.choice([several, several, several, "", "", f"{entries[0]},", chance.choice([" ", "nobody@nowhere"])])


def a_sender(chance: random.Random, addresses: list[str]) -> str:
    address = chance.choice([*addresses, chance.choice(ADDRESSES).upper(), "someone@nowhere.example"])
    name = chance.choice(NAMES)
    quoted = '"{}" <{}>'.format(name.replace('"', '\\"'), address)
    bare = f"{name} {address}" if name.isalpha() else address
    several = f"{address}, second@acme.example"
    return chance.choice(
        [address, address, quoted if name else address, bare, several, chance.choice(["", "no address"])]
    )


def a_scenario(chance: random.Random) -> dict[str, Any]:
    addresses = chance.sample(ADDRESSES, 3)
    servers = [
        {
            "name": f"Server {place}",
            "sequence": chance.choice([5, 10, 10, 20]),
            "from_filter": a_filter(chance, addresses),
            "active": chance.random() < 0.85,
        }
        for place in range(chance.choice([0, 1, 2, 3, 4, 5, 6]))
    ]
    senders = [a_sender(chance, addresses) for _each in range(5)]
    notifications = chance.choice(["", "notifications@acme.example", chance.choice(addresses).lower()])
    domain = chance.choice([*DOMAINS[:2], "bounces.example"]) if notifications or chance.random() < 0.5 else ""
    if servers and chance.random() < 0.25:
        # As Odoo creates them: each for its owner's address. No alias domain may contain the same address.
        own = chance.choice([address for address in ADDRESSES if address.lower() != notifications]).lower()
        chance.choice(servers).update(owner_user_id=True, from_filter=own)
        senders[0] = own
    if notifications:
        senders[1] = chance.choice([notifications, f'"ACME" <{notifications}>', notifications.upper()])
    return {
        "servers": servers,
        "senders": senders,
        "notifications": notifications,
        "bounce": domain and f"bounce@{domain}",
        "of_record": chance.random() < 0.5,
        "config_filter": chance.choice(["", a_filter(chance, addresses)]),
        "personal": chance.random() < 0.7,
    }


def fitted(scenario: dict[str, Any], *, personal: bool, several: bool) -> dict[str, Any]:
    """Return a scenario that is possible on an instance with these features: personal servers, and filters that list
    several senders.
    """
    for server in scenario["servers"]:
        if not personal:
            server.pop("owner_user_id", None)
        if not several:
            server["from_filter"] = server["from_filter"].partition(",")[0].strip()
    if not several:
        scenario["config_filter"] = scenario["config_filter"].partition(",")[0].strip()
        scenario["senders"] = [well_formed(sender) for sender in scenario["senders"]]
    return scenario | {"several": several}


def well_formed(sender: str) -> str:
    """Return the sender, or its first address if 16.0 would not read it as one mailbox: it sends that as it is."""
    parsed = message_from_string(f"From: {sender}\n\n", policy=policy.default)["From"]
    addresses = [one.addr_spec for one in parsed.addresses]
    unread = (
        len(addresses) != 1 or parsed.defects or (not addresses[0].isascii() and addresses[0] != addresses[0].lower())
    )
    return (addresses_in(sender) or ["someone@nowhere.example"])[0].lower() if unread else sender


def foretold(scenario: dict[str, Any], sender: str, *, rewrites: bool | None) -> Route:
    servers = [mail_server_of({"id": place, **values}) for place, values in enumerate(scenario["servers"])]
    names = ("notifications", "bounce", "config_filter", "personal", "several")
    given = {name: scenario[name] for name in names} | {"bare_notifications": scenario["several"]}
    return route(sender, servers, Rules(**given, rewrites_unmatched=rewrites))


def builds(database: LabInstance) -> list[bool]:
    """Return the possible treatments of a sender without a server by this build: one value if its version determines
    it.
    """
    with database.session() as session:
        known = rewrites_unmatched(session.version)
    return [True, False] if known is None else [known]


def header(text: str) -> str:
    """Return a From header in the form of Python, without unnecessary quotes around a name."""
    message = EmailMessage()
    message["From"] = text
    return str(message["From"])


def as_sent(foreseen: Route) -> dict[str, Any] | None:
    """Return a predicted route in the form in which the script returns a mail; without a sender address, Odoo sends
    nothing.
    """
    if not foreseen.envelope_from:
        return None
    assert foreseen.email_from is not None
    server = foreseen.server.id if foreseen.server else None
    return {"server": server, "from": header(foreseen.email_from), "envelope": foreseen.envelope_from}


def keeps_case(sender: str, visible: str) -> bool:
    """Return whether a mail shows that Odoo keeps the case of senders: 16.0, and builds of 18.0, do."""
    given = [address for address in addresses_in(sender) if address != address.lower()]
    return any(address in given for address in addresses_in(visible))


def spelled(mail: dict[str, Any] | None, *, cases: bool) -> dict[str, Any] | None:
    """Return a mail as it is compared.

    :param cases: Odoo keeps the case of senders.
    """
    if mail is None or not cases:
        return mail
    return {name: value.lower() if isinstance(value, str) else value for name, value in mail.items()}


def is_sent(sender: str, *, cases: bool) -> bool:
    """Return whether a mail is sent: if Odoo keeps the case, it is not sent from a domain beyond ASCII in upper case."""
    return not cases or all(address.isascii() or address == address.lower() for address in addresses_in(sender))


# Odoo's own methods


def test_odoo_routes_as_predicted(database: LabInstance) -> None:
    chance = random.Random(SEED)
    has = {
        "personal": database.offers("ir.mail_server", "owner_user_id"),
        "several": database.takes_sender_lists,
    }
    scenarios = [fitted(a_scenario(chance), **has) for _each in range(SCENARIOS)]
    call = f"import json\nprint(json.dumps(send_all(env, json.loads({json.dumps(scenarios)!r}))))\n"
    answers = json.loads(database.lab.shell(database.database, f"{SCRIPT}\n\n{call}"))
    rules: Counter[str] = Counter()
    rewritten, unknown = 0, 0
    wrong: dict[bool, list[Any]] = {rewrites: [] for rewrites in builds(database)}
    mails = [
        (scenario, sender, mail)
        for scenario, sent in zip(scenarios, answers, strict=True)
        for sender, mail in zip(scenario["senders"], sent, strict=True)
    ]
    cases = any(mail and keeps_case(sender, mail["from"]) for _scenario, sender, mail in mails)
    mails = [one for one in mails if is_sent(one[1], cases=cases)]
    for scenario, sender, mail in mails:
        for rewrites, deviations in wrong.items():
            foreseen = foretold(scenario, sender, rewrites=rewrites)
            if spelled(as_sent(foreseen), cases=cases) != spelled(mail, cases=cases):
                deviations.append((scenario | {"senders": sender}, as_sent(foreseen), mail))
        # If the build is not known, the answer is unknown only if the builds differ.
        vague = foretold(scenario, sender, rewrites=None)
        either = [foretold(scenario, sender, rewrites=rewrites) for rewrites in (True, False)]
        assert (vague.email_from is None) == (either[0].email_from != either[1].email_from)
        assert vague.email_from is None or vague == either[0] == either[1]
        rules[vague.rule] += 1
        rewritten += bool(vague.rewritten)
        unknown += vague.email_from is None
    print(
        f"{rules.total()} mails in {SCENARIOS} scenarios (seed {SEED}), by rule: {dict(rules)}; {rewritten} rewritten, {unknown} as the build does."
    )
    # An instance is of one build.
    fewest = min(wrong.values(), key=len)
    assert not fewest, json.dumps(fewest[:3], indent=2)
    assert rules.total() >= 500
    assert rules.keys() == RULES.keys()


# Mails that arrive

SERVERS = {
    "Any": ("plain", "", 1),
    "Acme": ("starttls_any_sender", "acme.example, BÜCHER.example", 10),
    "Sales": ("ssl", "sales@acme.example, info@shop.example", 20),
}
# The second entries of filters, which not every instance reads.
OF_SECOND_ENTRIES = ("info@shop.example", '"Zoë" <info@Shop.example>', "buch@bücher.example")
# Each sender with its expected server.
SENDERS = {
    "sales@acme.example": "Sales",
    "Sales@ACME.example": "Sales",
    '"Sales, of Acme" <sales@acme.example>': "Sales",
    "Sales Team sales@acme.example": "Sales",
    "info@shop.example": "Sales",
    '"Zoë" <info@Shop.example>': "Sales",
    "info@acme.example": "Acme",
    "Info@acme.example": "Acme",
    '"The \\"real\\" Acme" <info@acme.example>': "Acme",
    "sales+tag@acme.example": "Acme",
    "o'neil@acme.example": "Acme",
    "buch@bücher.example": "Acme",
    "info@sub.acme.example": "Any",
    "sales@shop.example": "Any",
    '"Ann Lee" <ann@elsewhere.example>': "Any",
    "ann@elsewhere.example": "Any",
    "Ann Lee ann@elsewhere.example": "Any",
    '"Zoë" <zoe@elsewhere.example>': "Any",
    "notifications@mail.example": "Any",
    '"Acme" <notifications@mail.example>': "Any",
}
FORCED = "forced"


def test_mails_arrive_as_predicted(database: LabInstance, tmp_path: Path) -> None:
    """The results of `routes` and of the filter are compared with the servers and headers of real mails."""
    smtp = database.lab.smtp
    servers, senders = SERVERS, SENDERS
    if not database.takes_sender_lists:
        servers = {name: (smtp, listed.partition(",")[0], at) for name, (smtp, listed, at) in SERVERS.items()}
        senders = {
            sender: name
            for sender, name in SENDERS.items()
            if sender not in OF_SECOND_ENTRIES and well_formed(sender) == sender
        }
    stack: dict[str, Any] = {
        "servers": [
            password_server(database.lab, smtp_name, name=name, from_filter=from_filter, sequence=sequence)
            for name, (smtp_name, from_filter, sequence) in servers.items()
        ],
    }
    if database.lacks:
        keys = {
            "mail.catchall.domain": "mail.example",
            "mail.bounce.alias": "bounce",
            "mail.default.from": "notifications",
        }
        stack["parameters"] = keys
    else:
        stack["alias_domains"] = [{"name": "mail.example"}]
    routes = [{"from": sender, "server": name} for sender, name in senders.items()]
    wrong = [{"from": "info@acme.example", "server": "Sales"}]
    surroundings = "notifications='notifications@mail.example', bounce='bounce@mail.example'"
    by_filter = f"senders | map('postmaster.odoo.mail_route', found.mail_servers, {surroundings}, several={database.takes_sender_lists}, rewrites_unmatched=%s)"
    tasks: dict[str, dict[str, Any]] = {
        "check wrong": {"postmaster.odoo.mail_stack": {**stack, "routes": wrong}, "check_mode": True},
        "wrong": {"postmaster.odoo.mail_stack": {**stack, "routes": wrong}},
        "check": {"postmaster.odoo.mail_stack": {**stack, "routes": routes}, "check_mode": True},
        "done": {"postmaster.odoo.mail_stack": {**stack, "routes": routes}},
        "again": {"postmaster.odoo.mail_stack": {**stack, "routes": routes}},
        "found": {"postmaster.odoo.mail_server_info": {}, "register": "found"},
        **{
            f"filtered {rewrites}": {
                "ansible.builtin.debug": {"msg": f"{{{{ {by_filter % rewrites} }}}}"},
                "vars": {"senders": list(senders)},
            }
            for rewrites in builds(database)
        },
    }
    results = run_tasks(database, tmp_path, tasks)
    assert (results["wrong"]["error_kind"], results["wrong"]["changed"]) == ("conflict", False)
    assert "'info@acme.example': mail would leave through 'Acme'" in results["wrong"]["msg"]
    (broken,) = (step for step in results["check wrong"]["plan"] if step["resource"] == "route")
    assert (broken["key"], broken["changes"][0]["before"]) == ("info@acme.example", "Acme")
    assert broken["changes"][0]["remark"]
    foreseen = results["done"]["routes"]
    assert [results["check"]["plan"], results["check"]["routes"]] == [results["done"]["plan"], foreseen]
    assert [results["again"]["changed"], results["again"]["routes"]] == [False, foreseen]
    by_build = [results[f"filtered {rewrites}"]["msg"] for rewrites in builds(database)]
    for filtered in by_build:
        for one, shown in zip(filtered, foreseen, strict=True):
            known = {key: value for key, value in shown.items() if value is not None and key != "from"}
            assert known == {key: one[key] for key in known}
            assert len(by_build) > 1 or len(known) == len(shown) - 1
    with database.session() as session:
        mails = [
            {
                "subject": str(place),
                "body_html": "<p>Made up</p>",
                "email_from": sender,
                "email_to": "recipient@elsewhere.example",
            }
            for place, sender in enumerate(senders)
        ]
        (any_server,) = session.search_read("ir.mail_server", [["name", "=", "Any"]], ["name"])
        mails.append({**mails[0], "subject": FORCED, "mail_server_id": any_server["id"]})
        session.call("mail.mail", "send", session.create("mail.mail", mails))
    arrived = {}
    for name, (smtp_name, _from_filter, _sequence) in SERVERS.items():
        for record in smtp[smtp_name].accepted():
            message = message_from_bytes(smtp[smtp_name].message(record), policy=policy.default)
            arrived[message["Subject"]] = (name, str(message["From"]), record["mail_from"])
    # A mail that names its server is sent through it unchanged.
    forced = {FORCED: ("Any", "sales@acme.example", "bounce@mail.example")}
    expected = [
        forced
        | {
            str(place): (one["server"], header(one["email_from"]), one["envelope_from"])
            for place, one in enumerate(filtered)
        }
        for filtered in by_build
    ]
    if any(keeps_case(sender, arrived[str(place)][1]) for place, sender in enumerate(senders)):
        arrived, *expected = (
            {subject: (name, sender.lower(), envelope.lower()) for subject, (name, sender, envelope) in mails.items()}
            for mails in (arrived, *expected)
        )
    assert arrived in expected
    found = by_build[expected.index(arrived)]
    print(f"{len(arrived)} mails arrived as foretold, {sum(one['rewritten'] for one in found)} of them rewritten.")
