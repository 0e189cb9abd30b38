# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: mail_secrets
short_description: Read the secrets of an instance's mail settings, encrypted
version_added: 1.0.0
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
description:
  - Reads the secrets that M(postmaster.odoo.mail_stack_info) leaves out. It returns the content of a vault file with these secrets, encrypted with a vault
    secret of the run. No result, file or output contains them in plain text.
  - The other content of the file is kept. If no secret differs from the file, the content is returned unchanged.
  - It runs on the controller, which must be able to connect to Odoo. It only reads.
  - The role P(postmaster.odoo.export#role) writes the result to the file.
options:
  _terms:
    description:
      - The name of the inventory host. The names of the variables contain it.
    type: str
    required: true
  path:
    description:
      - The vault file on the controller. It does not have to exist, and it is not written.
    type: path
    required: true
  connection:
    description:
      - The connection options that all modules of this collection have, such as C(url), C(database) and C(api_key). If an option is not given, it comes
        from the inventory variables C(odoo_*) of the host, then from the environment.
    type: dict
    default: {}
  vault_id:
    description:
      - The ID of the vault secret that encrypts a new file. If not set, it is C(ANSIBLE_VAULT_ENCRYPT_IDENTITY) or the first vault secret of the run, as
        with C(ansible-vault encrypt). An existing file keeps the vault secret that opens it.
    type: str
  more_addons:
    description:
      - As in M(postmaster.odoo.mail_stack_info).
    type: list
    elements: str
    default: []
  more_parameters:
    description:
      - As in M(postmaster.odoo.mail_stack_info).
    type: list
    elements: str
    default: []
  more_crons:
    description:
      - As in M(postmaster.odoo.mail_stack_info).
    type: list
    elements: str
    default: []
notes:
  - Write the result with M(ansible.builtin.copy) and C(decrypt=false). Without C(decrypt=false), the secrets are written in plain text.
seealso:
  - module: postmaster.odoo.mail_stack_info
  - plugin: postmaster.odoo.mail_declarations
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read the secrets
  ansible.builtin.set_fact:
    mail_secrets: >-
      {{ lookup('postmaster.odoo.mail_secrets', inventory_hostname, path='host_vars/acme/vault.yml',
                connection={'url': odoo_url, 'database': odoo_database, 'api_key': odoo_api_key}) }}

- name: Write the secrets
  ansible.builtin.copy:
    content: "{{ mail_secrets.content }}"
    decrypt: false
    dest: host_vars/acme/vault.yml
    mode: u=rw,go=
  delegate_to: localhost
"""

RETURN = r"""
_raw:
  description:
    - One dictionary.
  type: list
  elements: dict
  contains:
    content:
      description:
        - The content for the vault file. Empty if the instance has no secrets.
      type: str
      sample: "$ANSIBLE_VAULT;1.1;AES256"
    variables:
      description:
        - The names of the variables for the instance's secrets.
      type: list
      elements: str
      sample: [vault_acme_transactional_smtp_pass]
    missing:
      description:
        - Those of these variables that the file does not contain yet.
      type: list
      elements: str
      sample: [vault_acme_transactional_smtp_pass]
"""

from collections.abc import Collection
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.lookup import LookupBase
from ansible.template import trust_as_template

from ansible_collections.postmaster.odoo.plugins.module_utils.bounds import refusable_arguments
from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import (
    connection_arguments,
    credentials_of,
    refuse_out_of_bounds,
    secrets_in_environment,
    without_foreign_credentials,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.export.describe import Description
from ansible_collections.postmaster.odoo.plugins.module_utils.export.read import read_instance
from ansible_collections.postmaster.odoo.plugins.module_utils.export.scope import scope_of
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import connect
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import safe_message
from ansible_collections.postmaster.odoo.plugins.plugin_utils.connection_variables import with_connection_variables
from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.vault_file import VaultFile
from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.vault_names import vault_names


class LookupModule(LookupBase):
    """The lookup. It returns secrets only in encrypted form."""

    def run(self, terms: list[Any], variables: Any = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return the content of the vault file.

        :raises AnsibleError: there is no vault secret, Odoo does not answer, or the existing file cannot be opened.
        """
        self.set_options(var_options=variables, direct=kwargs)
        if len(terms) != 1:
            raise AnsibleError(f"mail_secrets: {len(terms)} names of hosts were given (expected one).")
        host = str(terms[0])
        known = secrets_in_environment()
        try:
            vault = VaultFile(self.get_option("path"), self.get_option("vault_id"))
            connection = self._connection(variables or {})
            known |= credentials_of(connection)
            refuse_out_of_bounds(connection)
            with connect(**connection, read_only=True) as session:
                instance = read_instance(session, scope_of(self.get_options()))
                secrets = Description(instance, credentials_of(connection)).secrets
            known |= {secret.value for secret in secrets}
            names = vault_names(host, [secret.as_result() for secret in secrets])
            values = dict(zip(names, (secret.value for secret in secrets), strict=True))
            content = vault.content(host, values) if values else ""
            return [{"content": content, "variables": names, "missing": vault.missing(names)}]
        except OdooError as error:
            message = f"The secrets of {host} cannot be read: {error.message}"
        except AnsibleError as error:
            message = error.message
        raise AnsibleError(safe_message(message, known))

    def _connection(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Return the connection options with the right types. Missing options come from the variables of the host or the environment."""

        def resolve(names: Collection[str]) -> dict[str, Any]:
            values: dict[str, Any] = self._templar.template(
                {name: trust_as_template(f"{{{{ {name} }}}}") for name in names}
            )
            return values

        given = with_connection_variables(self.get_option("connection") or {}, variables, resolve)
        specification = connection_arguments()
        given = refusable_arguments(specification, without_foreign_credentials(given))
        checked = ArgumentSpecValidator(specification).validate(given)
        if checked.error_messages:
            message = f"mail_secrets: connection: {'; '.join(checked.error_messages)}."
            raise AnsibleError(safe_message(message, credentials_of(given) | secrets_in_environment()))
        return dict(checked.validated_parameters)
