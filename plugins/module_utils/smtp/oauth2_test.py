# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Odoo's connection test of a mail server that logs in with OAuth2, in one transaction.

Odoo stores one client per provider, so the new client is stored during the test. Other users of the database do not see it, because it is
in the same transaction. The provider may replace the token that the test uses. The new token is stored even if the test then fails. If
the live server has the same token, it gets the new one too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.answers import refusal
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.server_action import run_in_odoo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

# The code writes records of parameters, because 20.0 has no `set_param`. It tests in a loop, because no statement may follow a `try`
# (rpc/server_action.py).
_CODE = """\
client = env.context['postmaster_client']
tokens = env.context['postmaster_tokens']
parameters = env['ir.config_parameter']
before = {}
for key in client:
    found = parameters.search([('key', '=', key)])
    before[key] = found.value
    if found:
        found.write({'value': client[key]})
    else:
        parameters.create({'key': key, 'value': client[key]})
candidate = env['ir.mail_server'].browse(env.context['postmaster_server'])
used = candidate[tokens[0]]
failure = ''
for tested in candidate:
    try:
        tested.test_smtp_connection()
    except Exception as error:
        failure = '%s' % error or 'Connection Test Failed!'
for key in before:
    found = parameters.search([('key', '=', key)])
    if before[key]:
        found.write({'value': before[key]})
    else:
        found.unlink()
for live in env['ir.mail_server'].browse(env.context['postmaster_live']):
    if used and live[tokens[0]] == used and candidate[tokens[0]] != used:
        for token in tokens:
            live.write({token: candidate[token]})
action = {'type': 'ir.actions.act_window_close', 'failure': failure}
"""


def test_with_tokens(
    session: Session, server_id: int, live_id: int | None, tokens: Sequence[str], client: Mapping[str, str]
) -> None:
    """Have Odoo test a mail server.

    :param live_id: the mail server that it is a copy of; None for a test of a live server itself.
    :param tokens: the fields of the refresh token, the access token and its expiry.
    :param client: the system parameters of a new client, which are set only during the test.
    :raises Rejected: if the test fails.
    """
    values = {
        "postmaster_live": [live_id] if live_id else [],
        "postmaster_tokens": list(tokens),
        "postmaster_client": dict(client),
    }
    answer = run_in_odoo(session, _CODE, server_id, values)
    if not isinstance(answer, Mapping) or not isinstance(answer.get("failure"), str):
        raise Unreachable(f"The program at {session.url} is not Odoo: its server action returned no result. Check url.")
    if answer["failure"]:
        raise refusal("ir.mail_server.test_smtp_connection", "odoo.exceptions.UserError", answer["failure"])
