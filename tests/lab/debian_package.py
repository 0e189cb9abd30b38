"""Odoo from Debian's own package: found on the machine's mirror, verified, unpacked, never installed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import LabError
from .layout import Layout
from .processes import DIES_WITH_US, run
from .steps import digest

PREFERRED = "odoo-19"
SUITE = "sid"
DEBIAN_SUITES = {
    "oldoldstable",
    "oldstable",
    "stable",
    "testing",
    "unstable",
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "duke",
    "sid",
}
KEYRINGS = ("debian-archive-keyring.pgp", "debian-archive-keyring.gpg")

# Three quarters of the package's 53,000 files: accounting of single countries, and translations. French stays for the
# tests that need a second language. The top-level addons folder repeats part of odoo/addons.
LEFT_OUT = ("*/l10n_*", "*/i18n/[!f]*", "./usr/lib/python3/dist-packages/addons")

USE_ANOTHER_ODOO = (
    "Without it, point the tests at an Odoo that exists: set ODOO_URL, ODOO_DATABASE, ODOO_USERNAME, "
    "ODOO_PASSWORD and ODOO_API_KEY."
)


@dataclass(frozen=True)
class Mirror:
    """The source of Debian packages, and the keys that verify it."""

    uri: str
    signed_by: str | None  # a keyring's path, or the key itself as deb822 writes it

    def as_source(self) -> str:
        """Return a deb822 stanza for the suite that contains Odoo."""
        keyring = self.signed_by or next(
            (f"/usr/share/keyrings/{name}" for name in KEYRINGS if Path("/usr/share/keyrings", name).exists()), None
        )
        signed = f"Signed-By: {keyring}\n" if keyring else ""
        return f"Types: deb\nURIs: {self.uri}\nSuites: {SUITE}\nComponents: main\n{signed}"


def key() -> str:
    return digest(PREFERRED, SUITE, LEFT_OUT)


def unpack(layout: Layout) -> None:
    """Fetch the package with apt and unpack it into the lab's folder."""
    for tool in ("apt-get", "dpkg-deb"):
        if not shutil.which(tool):
            raise LabError(
                f"The lab takes Odoo from a Debian package, and this machine has no {tool}. {USE_ANOTHER_ODOO}"
            )
    apt = _Apt(layout.downloads, find_mirror())
    apt.update()
    package = apt.fetch(_choose(apt.names()))
    shutil.rmtree(layout.package, ignore_errors=True)
    layout.package.mkdir(parents=True)
    with subprocess.Popen([*DIES_WITH_US, "dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as archive:
        unpacking = subprocess.run(
            [*DIES_WITH_US, "tar", "-x", "-C", layout.package, *(f"--exclude={pattern}" for pattern in LEFT_OUT)],
            stdin=archive.stdout,
            capture_output=True,
            text=True,
            check=False,
        )
    if archive.returncode or unpacking.returncode:
        raise LabError(f"Unpacking {package} failed: {unpacking.stderr.strip() or 'dpkg-deb could not read it'}")
    shutil.rmtree(layout.downloads)


def version(layout: Layout) -> str:
    """Return the unpacked Odoo's own version, such as 19.0."""
    release = (layout.odoo_sources / "odoo" / "release.py").read_text()
    return ".".join(re.findall(r"version_info = \((\d+), (\d+)", release)[0])


def find_mirror(sources: Path = Path("/etc/apt")) -> Mirror:
    """Return the first source of the machine's apt configuration that is Debian's own; third-party repositories are
    ignored.
    """
    stanzas: list[dict[str, str]] = []
    for file in (sources / "sources.list", *sorted((sources / "sources.list.d").glob("*"))):
        if file.is_file() and file.suffix in (".list", ".sources"):
            stanzas.extend(_deb822(file.read_text()) if file.suffix == ".sources" else _one_line(file.read_text()))
    for stanza in stanzas:
        suites = {
            suite.split("-")[0]
            for suite in stanza.get("suites", "").split()
            if not suite.endswith(("security", "/updates"))
        }
        signed_by = stanza.get("signed-by")
        # If the source names a keyring, its path identifies Debian; if it contains a key, suite and component must.
        if (
            "deb" in stanza.get("types", "").split()
            and stanza.get("enabled", "yes").lower() not in ("no", "false")
            and "main" in stanza.get("components", "").split()
            and suites & DEBIAN_SUITES
            and (not signed_by or "debian-archive" in signed_by or "BEGIN PGP" in signed_by)
        ):
            return Mirror(stanza["uris"].split()[0], signed_by)
    raise LabError(
        f"No Debian mirror is named in {sources}/sources.list or {sources}/sources.list.d, so {PREFERRED} "
        f"cannot be had. {USE_ANOTHER_ODOO}"
    )


def _deb822(text: str) -> Iterator[dict[str, str]]:
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    for block in re.split(r"\n\s*\n", text):
        stanza: dict[str, str] = {}
        for field, value in re.findall(r"^([A-Za-z-]+):[ \t]*((?:.*)(?:\n[ \t].*)*)", block, flags=re.MULTILINE):
            stanza[field.lower()] = value.rstrip()
        if stanza:
            yield stanza


def _one_line(text: str) -> Iterator[dict[str, str]]:
    for kind, options, rest in re.findall(r"^\s*(deb)\s+(?:\[([^\]]*)\]\s+)?([^#\n]+)", text, flags=re.MULTILINE):
        uri, suite, *components = rest.split()
        stanza = {"types": kind, "uris": uri, "suites": suite, "components": " ".join(components)}
        for option in shlex.split(options):
            name, _sign, value = option.partition("=")
            stanza[name.lower()] = value
        yield stanza


def _choose(names: list[str]) -> str:
    numbered = sorted((name for name in names if re.fullmatch(r"odoo-\d+", name)), key=lambda name: int(name[5:]))
    if not numbered:
        raise LabError(f"Debian's suite {SUITE} has no odoo-NN package on this machine's mirror. {USE_ANOTHER_ODOO}")
    return PREFERRED if PREFERRED in numbered else numbered[-1]


class _Apt:
    """An apt with its own directories: the machine's lists, pins and packages neither matter nor change."""

    def __init__(self, folder: Path, mirror: Mirror) -> None:
        self.folder = folder
        for needed in ("state/lists/partial", "cache/archives/partial", "sources"):
            (folder / needed).mkdir(parents=True, exist_ok=True)
        (folder / "sources" / "debian.sources").write_text(mirror.as_source())
        self.options = [
            word
            for name, value in {
                "Dir::State": folder / "state",
                "Dir::State::status": "/dev/null",
                "Dir::Cache": folder / "cache",
                "Dir::Etc::sourcelist": "/dev/null",
                "Dir::Etc::sourceparts": folder / "sources",
                "Dir::Etc::preferences": "/dev/null",
                "Dir::Etc::preferencesparts": "/dev/null",
                "Acquire::Languages": "none",
                "Acquire::Retries": "3",
                "APT::Update::Error-Mode": "any",
                **({"APT::Sandbox::User": "root"} if os.geteuid() == 0 else {}),
            }.items()
            for word in ("-o", f"{name}={value}")
        ]

    def update(self) -> None:
        self._get("update", doing=f"Reading Debian's suite {SUITE}")

    def names(self) -> list[str]:
        return run(["apt-cache", *self.options, "pkgnames", "odoo"], "Looking for Odoo").split()

    def fetch(self, name: str) -> Path:
        self._get("download", name, doing=f"Downloading {name}")
        return max(self.folder.glob(f"{name}_*.deb"))

    def _get(self, *words: str, doing: str) -> None:
        try:
            run(["apt-get", *self.options, *words], doing, folder=self.folder)
        except LabError as problem:
            raise LabError(f"{problem}\n{USE_ANOTHER_ODOO}") from problem
