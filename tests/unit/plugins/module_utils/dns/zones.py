# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Zones: one in which everything is right, and one for each thing that can be wrong, with the finding that it yields."""

from __future__ import annotations

from typing import NamedTuple

# An RSA key of 1024 bits, and one of Ed25519. Nobody has the private ones.
KEY = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC9Ms3v+IxxM3Ab4tnwqNpFTAabCAKQaOuA2jkK1MRwPuqVgfSozQqU33hLW64IVhwi/z79xE"
    "xx4+1qbW6NPVJr0UthU4LVy7W8a1/399SdlKbbSRtDP6bEqSLMaOz4Z4O/D2gU5dPxFxoN2DqHoFDPcYAkqDzzBcst7nQwFKvcBQIDAQAB"
)
ED25519_KEY = "Bl7BunrFdISGOJaLLtM05Tbky5GGMwlDsfSSJ/7rur4="

# Mail of the instance comes from info@acme.example, with bounces at bounce@acme.example, through mail.acme.example at 203.0.113.10.
GOOD = f"""
$ORIGIN acme.example.
@ 60 IN TXT "v=spf1 ip4:203.0.113.10 -all"
@ 60 IN MX 10 mx
mx 60 IN A 203.0.113.20
mail 60 IN A 203.0.113.10
_dmarc 60 IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@acme.example"
s1._domainkey 60 IN TXT "v=DKIM1; k=rsa; p={KEY}"
$ORIGIN 113.0.203.in-addr.arpa.
10 60 IN PTR mail.acme.example.
"""

_SPF = '@ 60 IN TXT "v=spf1 ip4:203.0.113.10 -all"'
_MX = "@ 60 IN MX 10 mx"
_DMARC = '_dmarc 60 IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@acme.example"'
_DKIM = f's1._domainkey 60 IN TXT "v=DKIM1; k=rsa; p={KEY}"'
_PTR = "10 60 IN PTR mail.acme.example."


class Zone(NamedTuple):
    """A good zone with one thing replaced.

    :ivar finding: empty if it is still right. :ivar words: what the evidence says. :ivar publish: what the remedy says.
    """

    finding: str
    before: str = ""
    after: str = ""
    words: str = ""
    publish: str = ""


def spf(finding: str, record: str, words: str = "", publish: str = "", more: str = "") -> Zone:
    return Zone(finding, _SPF, f"@ 60 IN TXT {quoted(record)}\n{more}", words, publish)


def quoted(value: str) -> str:
    """Return the value of a TXT record in strings that are not too long."""
    return " ".join(f'"{value[start : start + 250]}"' for start in range(0, len(value), 250))


def _includes(count: int, end: str = "?all") -> str:
    return "\n".join(f'i{number} 60 IN TXT "v=spf1 ip4:192.0.2.{number} {end}"' for number in range(count))


def _eleven(end: str) -> Zone:
    includes = " ".join(f"include:i{number}.acme.example" for number in range(11))
    return spf(
        "spf_too_many_lookups",
        f"v=spf1 ip4:203.0.113.10 {includes} -all",
        "needs 11 lookups",
        '"v=spf1 ip4:203.0.113.10 ip4:192.0.2.0 include:i1.acme.example',
        _includes(11, end),
    )


ZONES: dict[str, Zone] = {
    # good in another way
    "good": Zone(""),
    "authorized by the name of the server": spf("", "v=spf1 a:mail.acme.example -all"),
    "authorized by a network": spf("", "v=spf1 ip4:203.0.113.0/28 ~all"),
    "authorized by an include": spf(
        "", "v=spf1 include:_spf.acme.example -all", more='_spf 60 IN TXT "v=spf1 ip4:203.0.113.10 -all"'
    ),
    "authorized by a redirect": spf(
        "", "v=spf1 redirect=_spf.acme.example", more='_spf 60 IN TXT "v=spf1 ip4:203.0.113.10 -all"'
    ),
    "ten lookups": spf(
        "",
        "v=spf1 " + " ".join(f"include:i{number}.acme.example" for number in range(10)) + " ip4:203.0.113.10 -all",
        more=_includes(10),
    ),
    "a policy of a domain above": Zone(
        "", _DMARC, '$ORIGIN example.\n_dmarc 60 IN TXT "v=DMARC1; p=none"\n$ORIGIN acme.example.'
    ),
    "a policy below two of another domain": Zone(
        "",
        _DMARC,
        f'{_DMARC}\n$ORIGIN example.\n_dmarc 60 IN TXT "v=DMARC1; p=none"\n_dmarc 60 IN TXT "v=DMARC1"\n$ORIGIN acme.example.',
    ),
    "a policy below a loop": Zone(
        "", _DMARC, f"{_DMARC}\n$ORIGIN example.\n_dmarc 60 IN CNAME _dmarc\n$ORIGIN acme.example."
    ),
    "a key behind an alias": Zone(
        "", _DKIM, f's1._domainkey 60 IN CNAME s1.keys.acme.example.\ns1.keys 60 IN TXT "p={KEY}"'
    ),
    "an Ed25519 key": Zone("", _DKIM, f's1._domainkey 60 IN TXT "v=DKIM1; k=ed25519; p={ED25519_KEY}"'),
    # broken in one way
    "no SPF record": Zone(
        "spf_missing", _SPF, "", "has no SPF record", 'acme.example. TXT "v=spf1 ip4:203.0.113.10 ~all"'
    ),
    "another server's address": spf(
        "spf_missing",
        "v=spf1 ip4:192.0.2.1 -all",
        "does not contain ip4:203.0.113.10",
        'acme.example. TXT "v=spf1 ip4:192.0.2.1 ip4:203.0.113.10 -all"',
    ),
    "only neutral": spf("spf_missing", "v=spf1 ?ip4:203.0.113.10 -all", "does not contain", "ip4:203.0.113.10 -all"),
    "two SPF records": spf(
        "spf_invalid",
        "v=spf1 ip4:203.0.113.10 -all",
        "has 2 SPF records",
        'acme.example. TXT "v=spf1 ip4:203.0.113.10 ip4:192.0.2.1 ~all"',
        '@ 60 IN TXT "v=spf1 ip4:192.0.2.1 ~all"',
    ),
    "a misspelled mechanism": spf(
        "spf_invalid",
        "v=spf1 ipv4:203.0.113.10 -all",
        "'ipv4:203.0.113.10' is not a term",
        '"v=spf1 ip4:203.0.113.10 -all"',
    ),
    "a mechanism without a domain": spf(
        "spf_invalid",
        "v=spf1 ip4:203.0.113.10 include: -all",
        "'include:' is not a term",
        '"v=spf1 ip4:203.0.113.10 -all"',
    ),
    "an include with a length": spf(
        "spf_invalid",
        "v=spf1 ip4:203.0.113.10 include:mail.acme.example/24 -all",
        "is not a term",
        '"v=spf1 ip4:203.0.113.10 -all"',
    ),
    "two redirects": spf(
        "spf_invalid",
        "v=spf1 ip4:203.0.113.10 redirect=_spf.acme.example redirect=b.acme.example",
        "'redirect=b.acme.example' is not a term",
        '"v=spf1 ip4:203.0.113.10 redirect=_spf.acme.example"',
        '_spf 60 IN TXT "v=spf1 -all"\nb 60 IN TXT "v=spf1 -all"',
    ),
    "an include without a record": spf(
        "spf_invalid",
        "v=spf1 ip4:203.0.113.10 include:gone.acme.example -all",
        "gone.acme.example, which has no SPF record",
        '"v=spf1 ip4:203.0.113.10 -all"',
    ),
    "an include that comes back": spf(
        "spf_invalid",
        "v=spf1 ip4:203.0.113.10 include:b.acme.example -all",
        "acme.example includes b.acme.example includes acme.example",
        '"v=spf1 ip4:203.0.113.10 -all"',
        'b 60 IN TXT "v=spf1 include:acme.example -all"',
    ),
    "three names that are gone": spf(
        "spf_invalid",
        "v=spf1 ip4:203.0.113.10 a:x.acme.example a:y.acme.example mx:z.acme.example -all",
        "find no record; at most 2",
        '"v=spf1 ip4:203.0.113.10 -all"',
    ),
    "eleven lookups": spf(
        "spf_too_many_lookups",
        "v=spf1 a:mail.acme.example " + " ".join(f"include:i{number}.acme.example" for number in range(10)) + " -all",
        "needs 11 lookups",
        '"v=spf1 ip4:203.0.113.10 include:i0.acme.example',
        _includes(10),
    ),
    "a redirect without a domain": spf(
        "spf_invalid",
        "v=spf1 ip4:203.0.113.10 redirect=",
        "'redirect=' is not a term",
        '"v=spf1 ip4:203.0.113.10 ~all"',
    ),
    "two explanations": spf(
        "spf_invalid",
        "v=spf1 ip4:203.0.113.10 exp=a.acme.example exp=b.acme.example -all",
        "'exp=b.acme.example' is not a term",
        '"v=spf1 ip4:203.0.113.10 exp=a.acme.example -all"',
    ),
    "a macro that does not exist": spf(
        "spf_invalid",
        "v=spf1 ip4:203.0.113.10 include:_s.%x -all",
        "'include:_s.%x' is not a term",
        '"v=spf1 ip4:203.0.113.10 -all"',
    ),
    "everybody passes": spf(
        "spf_permissive",
        "v=spf1 mx +all",
        "authorizes every server: +all",
        'acme.example. TXT "v=spf1 mx ip4:203.0.113.10 ~all"',
    ),
    "everybody passes without a qualifier": spf(
        "spf_permissive", "v=spf1 a:mail.acme.example all", "every server: all", '"v=spf1 a:mail.acme.example ~all"'
    ),
    "a network of all addresses": spf(
        "spf_permissive", "v=spf1 ip4:0.0.0.0/0 -all", "ip4:0.0.0.0/0", '"v=spf1 ip4:203.0.113.10 -all"'
    ),
    "an include by which everybody passes": spf(
        "spf_permissive",
        "v=spf1 include:b.acme.example -all",
        "every server: include:b.acme.example",
        '"v=spf1 ip4:203.0.113.10 -all"',
        'b 60 IN TXT "v=spf1 +all"',
    ),
    "eleven includes that end in ~all": _eleven("~all"),
    "eleven includes that end in -all": _eleven("-all"),
    "eleven includes that end in ?all": _eleven("?all"),
    "a redirect with eleven lookups": spf(
        "spf_too_many_lookups",
        "v=spf1 ip4:203.0.113.10 redirect=_spf.acme.example",
        "needs 11 lookups",
        '"v=spf1 ip4:203.0.113.10 ip4:192.0.2.0/29 ip4:192.0.2.8/31 -all"',
        "_spf 60 IN TXT "
        + quoted("v=spf1 " + " ".join(f"include:i{number}.acme.example" for number in range(10)) + " -all")
        + f"\n{_includes(10, '~all')}",
    ),
    "an alias that comes back": Zone(
        "spf_invalid",
        _SPF,
        'spf 60 IN CNAME spf\n@ 60 IN TXT "v=spf1 ip4:203.0.113.10 include:spf.acme.example -all"',
        "leads back to itself",
        '"v=spf1 ip4:203.0.113.10 -all"',
    ),
    "no key": Zone(
        "dkim_missing",
        _DKIM,
        "",
        "s1._domainkey.acme.example has no record",
        "s1._domainkey.acme.example. TXT",
    ),
    "a revoked key": Zone("dkim_missing", _DKIM, 's1._domainkey 60 IN TXT "v=DKIM1; p="', "is revoked"),
    "a key that is cut off": Zone(
        "dkim_missing", _DKIM, 's1._domainkey 60 IN TXT "v=DKIM1; p=MIGfMA0GCSq"', "truncated"
    ),
    "a key of which the end is missing": Zone(
        "dkim_missing", _DKIM, f's1._domainkey 60 IN TXT "v=DKIM1; p={KEY[:-4]}"', "is truncated"
    ),
    "a key that goes on": Zone(
        "dkim_missing", _DKIM, f's1._domainkey 60 IN TXT "v=DKIM1; p={KEY}AAAA"', "is not an RSA key"
    ),
    "no RSA key": Zone("dkim_missing", _DKIM, 's1._domainkey 60 IN TXT "v=DKIM1; p=AAAA"', "is not an RSA key"),
    "an Ed25519 key that is too short": Zone(
        "dkim_missing", _DKIM, f's1._domainkey 60 IN TXT "v=DKIM1; k=ed25519; p={ED25519_KEY[:-4]}"', "has 30 bytes"
    ),
    "no key at all": Zone(
        "dkim_missing", _DKIM, 's1._domainkey 60 IN TXT "google-site-verification=x"', "is not a DKIM key"
    ),
    "two keys": Zone(
        "dkim_missing", _DKIM, f'{_DKIM}\ns1._domainkey 60 IN TXT "v=DKIM1; p={KEY}AA"', "has 2 TXT records"
    ),
    "an alias without a key": Zone(
        "dkim_missing", _DKIM, "s1._domainkey 60 IN CNAME gone.acme.example.", "is an alias of gone.acme.example"
    ),
    "a key behind a loop": Zone(
        "dkim_missing",
        _DKIM,
        "s1._domainkey 60 IN CNAME s2._domainkey\ns2._domainkey 60 IN CNAME s1._domainkey",
        "leads back to itself",
    ),
    "a policy behind a loop": Zone("dmarc_missing", _DMARC, "_dmarc 60 IN CNAME _dmarc", "leads back to itself"),
    "an MX behind a loop": Zone("mx_missing", _MX, "@ 60 IN MX 10 loop\nloop 60 IN CNAME loop", "leads back to itself"),
    "no policy": Zone(
        "dmarc_missing",
        _DMARC,
        "",
        "has a record",
        '_dmarc.acme.example. TXT "v=DMARC1; p=none; rua=mailto:postmaster@acme.example"',
    ),
    "two policies": Zone(
        "dmarc_missing",
        _DMARC,
        f'_dmarc 60 IN TXT "v=DMARC1; p=none; rua=mailto:a@acme.example,mailto:dmarc@acme.example; sp=quarantine; adkim=s"\n{_DMARC}',
        "has 2 DMARC records",
        '_dmarc.acme.example. TXT "v=DMARC1; p=reject; ',
    ),
    "a policy that is none": Zone(
        "dmarc_missing",
        _DMARC,
        '_dmarc 60 IN TXT "v=DMARC1; p=refuse; sp=reject"',
        "has no valid p",
        '"v=DMARC1; p=none; sp=reject; rua=mailto:postmaster@acme.example"',
    ),
    "a policy without a semicolon": Zone(
        "dmarc_missing",
        _DMARC,
        '_dmarc 60 IN TXT "v=DMARC1; p=reject rua=mailto:dmarc@acme.example"',
        "has no valid p",
        '"v=DMARC1; p=reject; rua=mailto:dmarc@acme.example"',
    ),
    "a policy with a small version": Zone(
        "dmarc_missing",
        _DMARC,
        '_dmarc 60 IN TXT "v=dmarc1; p=quarantine"',
        "does not begin with v=DMARC1",
        '"v=DMARC1; p=quarantine; rua=mailto:postmaster@acme.example"',
    ),
    "a policy behind another tag": Zone(
        "dmarc_missing",
        _DMARC,
        '_dmarc 60 IN TXT "p=reject; v=DMARC1"',
        "does not begin with v=DMARC1",
        '"v=DMARC1; p=reject; rua=',
    ),
    "two policies of a domain above": Zone(
        "dmarc_missing",
        _DMARC,
        '$ORIGIN example.\n_dmarc 60 IN TXT "v=DMARC1; p=none"\n_dmarc 60 IN TXT "v=DMARC1; p=reject"\n$ORIGIN acme.example.',
        "_dmarc.example has 2 DMARC records",
        '_dmarc.example. TXT "v=DMARC1; p=reject;',
    ),
    "no MX": Zone("mx_missing", _MX, "", "has neither an MX record nor an address", "acme.example. MX 10 "),
    "only an address": Zone("mx_missing", _MX, "@ 60 IN A 203.0.113.30", "RFC 5321"),
    "a null MX": Zone("mx_missing", _MX, "@ 60 IN MX 0 .", "RFC 7505"),
    "an MX that is gone": Zone("mx_missing", _MX, "@ 60 IN MX 10 gone", "gone.acme.example, which has no address"),
    "no name": Zone("ptr_missing", _PTR, "", "has no name (PTR)", "10.113.0.203.in-addr.arpa. PTR "),
    "a name that leads elsewhere": Zone(
        "ptr_missing",
        _PTR,
        "10 60 IN PTR mx.acme.example.",
        "mx.acme.example does not resolve to this address",
        "mx.acme.example. A 203.0.113.10",
    ),
}


def zone_text(name: str) -> str:
    """Return the zone file of a zone."""
    zone = ZONES[name]
    assert zone.before in GOOD
    return GOOD.replace(zone.before, zone.after, 1) if zone.before else GOOD
