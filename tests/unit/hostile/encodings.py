# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The forms in which SMTP servers repeat the text that a client has sent to them."""

from __future__ import annotations

import html
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from quopri import encodestring
from textwrap import wrap
from urllib.parse import quote, quote_plus

ENCODINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda secret: secret,
    "upper case": str.upper,
    "percent": lambda secret: quote(secret, safe=""),
    "every character in percent": lambda secret: "".join(f"%{byte:02x}" for byte in secret.encode()),
    "percent twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "plus for a blank": quote_plus,
    "hexadecimal": lambda secret: secret.encode().hex(),
    "hexadecimal, with colons": lambda secret: secret.encode().hex(":").upper(),
    "Python": lambda secret: repr(secret.encode()),
    "JSON": json.dumps,
    "JSON, escaped": lambda secret: "".join(f"\\u{unit}" for unit in wrap(secret.encode("utf-16-be").hex(), 4)),
    "octal": lambda secret: "".join(f"\\{byte:03o}" for byte in secret.encode()),
    "HTML": html.escape,
    "HTML, in numbers": lambda secret: "".join(f"&#{ord(one)};" for one in secret),
    "quoted-printable": lambda secret: "".join(f"={byte:02X}" for byte in secret.encode()),
    "quoted-printable, folded": lambda secret: encodestring((secret + "x" * 80).encode()).decode(),
    "xtext": lambda secret: "".join(
        one if one.isalnum() and one.isascii() else "".join(f"+{byte:02X}" for byte in one.encode()) for one in secret
    ),
    "folded": lambda secret: "\r\n ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    "folded in a reply": lambda secret: "\n535-5.7.8 ".join(secret[at : at + 5] for at in range(0, len(secret), 5)),
    "base64": lambda secret: b64encode(secret.encode()).decode(),
    "a login in base64": lambda secret: b64encode(f"\0someone@acme.example\0{secret}".encode()).decode(),
    "inside base64": lambda secret: b64encode(f"user=someone pass={secret} end".encode()).decode(),
    "base64 of URLs": lambda secret: urlsafe_b64encode(f"x{secret}yz".encode()).decode(),
    "base64, folded": lambda secret: "\n ".join(wrap(b64encode(f"user someone {secret}".encode()).decode(), 8)),
    "base64 in percent": lambda secret: quote(b64encode(f"xy{secret}".encode()).decode(), safe=""),
    "UTF-16 in base64": lambda secret: b64encode(secret.encode("utf-16-le")).decode(),
    "UTF-16 of big-endian machines in base64": lambda secret: b64encode(secret.encode("utf-16-be")).decode(),
    "Latin-1 in hexadecimal": lambda secret: secret.encode("latin-1" if max(secret) < "\u0100" else "utf-8").hex(),
}


def smtp_refusal(text: str) -> str:
    """Return the text of Odoo's error for a refusal of several lines. `smtplib` removes the code of three digits from each line, but not the enhanced
    code.
    """
    lines = "\n".join(f"5.7.8 {line.removeprefix('535-5.7.8 ')}" for line in text.splitlines())
    return f"Server replied with following exception:\n {(535, lines.encode('utf-8', 'surrogatepass'))!r}"


# Secrets of every shape; all made up.
SECRETS = (
    "correct-horse",
    "Tr0ub4dor&3",
    "hunter",
    "SG.made-up_key.with-dots_and-more",
    "p@ss/w:rd",
    "with blanks in it",
    '"quoted"',
    "it's\\back",
    "<tag>&amp;",
    "100%25sure",
    "%41%42%43%44",
    "a+b=c/d==",
    "====++++",
    "ümläut-ß",
    "пароль-тест",
    "密码测试密码",
    "emoji😀pass",
    "00000000",
    "1234567890",
    "deadbeefcafe",
    "AAAAAAAA",
    "1//0g-refresh_token",
    "eyJhbGciOi.J9.made-up",
    "tab\tinside",
    "$ymbol${x}",
    "{{ template }}",
    "[brackets](x)",
    "back`tick`s",
    "semi;colon,comma",
    "~tilde^caret|",
    "5.7.8 secret",
    "x" * 64,
    "Zz9" * 40,
    "\\x41\\u0042\\",
    "=3D=3D=3D",
    "&#65;&#66;&#67;",
    "-----dashes-----",
    "UPPERCASE-ONLY",
    "MiXeD-CaSe-42",
    "a.b.c.d.e.f",
)
