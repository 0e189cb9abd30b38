"""The lab's certificate authority, created once: `python -m lab.smtp.certificates FOLDER` in the lab's environment.

ca.pem is the authority, and bundle.pem also contains the machine's authorities. client.pem and client.key are for
servers that require a certificate. NAME.pem is the certificate of a server, including its key.
"""

from __future__ import annotations

import ssl
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import trustme

from .. import credentials

NAMES = ("localhost", "127.0.0.1")


def create(folder: Path) -> None:
    """Write all certificates; the authorities' own keys are not stored."""
    folder.mkdir(parents=True, exist_ok=True)
    authority, stranger = trustme.CA(organization_name="Lab"), trustme.CA(organization_name="Nobody trusts this one")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "bundle.pem").write_bytes(_system_authorities() + authority.cert_pem.bytes())
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    presented = {
        "trusted": authority.issue_cert(*NAMES),
        "untrusted": stranger.issue_cert(*NAMES),
        "expired": authority.issue_cert(*NAMES, not_before=yesterday - timedelta(days=90), not_after=yesterday),
        "misnamed": authority.issue_cert("mail.other.example"),
    }
    for name, certificate in presented.items():
        certificate.private_key_and_cert_chain_pem.write_to_path(folder / f"{name}.pem")
    client = authority.issue_cert(credentials.SMTP_CLIENT_IDENTITY)
    client.private_key_pem.write_to_path(folder / "client.key")
    client.cert_chain_pems[0].write_to_path(folder / "client.pem")


def _system_authorities() -> bytes:
    """Return the machine's bundle, or nothing if a minimal machine has none."""
    bundle = ssl.get_default_verify_paths().cafile
    return Path(bundle).read_bytes() + b"\n" if bundle else b""


if __name__ == "__main__":
    create(Path(sys.argv[1]))
