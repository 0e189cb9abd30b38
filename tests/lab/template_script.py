"""Runs in `odoo shell`, in the template database: creates the users and API keys of the tests."""

import json


def populate(env, people):
    """Set the made-up admin password, the only difference of the admin from a fresh Odoo's, and print the keys as JSON.

    `env` is Odoo's environment, `people` the names and passwords.
    """
    admin = env.ref("base.user_admin")
    admin.password = people["admin_password"]
    api_keys = env["res.users.apikeys"].with_user(admin)
    keys = {name: api_keys._generate("rpc", f"Lab, {name}", None) for name in ("valid", "expired")}
    # The ORM cannot create an expired key.
    env.cr.execute(
        "UPDATE res_users_apikeys SET expiration_date = now() - interval '1 day' WHERE name = 'Lab, expired'"
    )
    # Odoo notifies the admin of the new password. A fresh Odoo has no mail in its queue.
    warnings = env["mail.mail"].search([])
    messages = warnings.mail_message_id
    warnings.unlink()
    messages.exists().unlink()
    print(json.dumps(keys))
