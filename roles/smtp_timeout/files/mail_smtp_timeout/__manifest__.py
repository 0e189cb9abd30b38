# Copyright (c) 2026 the postmaster.odoo contributors
# GNU Lesser General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/lgpl-3.0.txt)
# SPDX-License-Identifier: LGPL-3.0-or-later

{
    "name": "SMTP timeout",
    "summary": "A timeout for each outgoing mail server",
    "version": "1.0.0",  # without a series, because every Odoo adds its own series in front
    "license": "LGPL-3",
    "author": "The postmaster.odoo contributors",
    "website": "https://github.com/postmaster-odoo/postmaster.odoo",
    "category": "Technical",
    "depends": ["base"],
    "data": ["views/ir_mail_server_views.xml"],
}
