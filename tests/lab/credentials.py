"""Every name, password and token of the lab. All of them are made up, and their texts show it."""

from __future__ import annotations

ODOO_MASTER_PASSWORD = "lab-master-password-made-up"
ODOO_ADMIN = "admin"
ODOO_ADMIN_PASSWORD = "lab-admin-password-made-up"

SMTP_USER = "sender@lab.example"
SMTP_PASSWORD = "lab-smtp-password-made-up"
SMTP_OAUTH2_USER = "oauth@lab.example"
SMTP_OAUTH2_TOKEN = "lab-access-token-made-up"
SMTP_CLIENT_IDENTITY = "client@lab.example"
