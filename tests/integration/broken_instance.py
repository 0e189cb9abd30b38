# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A healthy instance, and faults to inject into it, each with its expected finding."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Thread
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.options import dns_options
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.diagnose import Examination, diagnose
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import CHECKS
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import act
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import Selection
from ansible_collections.postmaster.odoo.tests.unit.certificates import issue
from ansible_collections.postmaster.odoo.tests.unit.dns_server import dns_server
from dns_faults import DNS_FAULTS
from instance import LabInstance
from lab import Lab, NotApplicable
from mail_servers import oauth2_server, password_server, token_fields

SENDER = "notifications@lab.example"
MAIN = "starttls_any_sender"
QUEUE_ACTION = ["cron_name", "=", "Mail: Email Queue Manager"]

Diagnosis = dict[str, Any]


@dataclass(frozen=True)
class BrokenInstance:
    """A healthy instance, and methods that damage it.

    :ivar how: options of the examination that a fault needs.
    """

    instance: LabInstance
    lab: Lab
    runs: list[Thread] = field(default_factory=list)
    how: dict[str, Any] = field(default_factory=dict)
    cleanup: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def healthy(cls, lab: Lab, name: str) -> BrokenInstance:
        """Let its mail leave encrypted, from its own domain, and its crons have run half an hour ago."""
        instance = LabInstance.fresh(lab, name)
        instance.sql(
            "UPDATE ir_cron SET nextcall = now() at time zone 'utc' + interval '30 minutes', "
            "lastcall = now() at time zone 'utc' - interval '30 minutes'"
        )
        broken = cls(instance, lab)
        with instance.session() as session:
            session.write("res.company", broken.ids("res.company"), {"email": "info@lab.example"})
            session.write("res.users", broken.ids("res.users", ["login", "=", "admin"]), {"email": "admin@lab.example"})
        domain = {"name": "lab.example", "companies": [instance.read("res.company")[0]["name"]]}
        # Without alias domains, their parameters have this effect.
        parameters = {"mail.catchall.domain": "lab.example", "mail.default.from": "notifications"}
        instance.enforce(
            {
                **({} if instance.lacks else {"alias_domains": [{"default_from": "notifications", **domain}]}),
                "parameters": {"web.base.url": "https://odoo.lab.example", **(parameters if instance.lacks else {})},
                "servers": [
                    password_server(lab, MAIN, smtp_encryption=instance.strict("starttls"), from_filter="lab.example")
                ],
            }
        )
        instance.sql("DELETE FROM mail_mail")  # Odoo may notify a user of a new address
        return broken

    def examine(self, **how: Any) -> Diagnosis:
        with self.instance.session() as session:
            return diagnose(session, Examination(**{**self.how, **how}))

    def ids(self, model: str, *domain: Any) -> list[int]:
        return [record["id"] for record in self.instance.read(model, *domain, fields=("id",))]

    def write(self, model: str, values: dict[str, Any], *domain: Any) -> None:
        with self.instance.session() as session:
            session.write(model, self.ids(model, *domain), values)

    def create(self, model: str, **values: Any) -> int:
        with self.instance.session() as session:
            return session.create(model, [values])[0]

    def server(self, **values: Any) -> None:
        """Change the mail server without the collection."""
        self.write("ir.mail_server", values, ["name", "=", MAIN])

    def through(self, smtp_name: str, **values: Any) -> None:
        """Replace the mail server by another one of the lab."""
        smtp = self.lab.smtp[smtp_name]
        login = {"smtp_user": smtp.user or False, "smtp_pass": smtp.password or False}
        self.server(**{"smtp_host": smtp.host, "smtp_port": smtp.port, **login, **values})

    def queue_action(self, **values: Any) -> None:
        self.write("ir.cron", values, QUEUE_ACTION)

    def run_queue(self) -> None:
        """Run it as a worker does: with its lock, its cursor and its failures."""
        # Up to 18.0 the failure of a run is also the answer.
        with self.instance.session() as session, suppress(Rejected):
            session.call("ir.cron", "method_direct_trigger", self.ids("ir.cron", QUEUE_ACTION))

    def begin_queue(self) -> None:
        """Start a run of the queue without waiting for its end."""
        self._begin(self.run_queue)

    def work_queue(self) -> None:
        """Run due crons as a worker does.

        Up to 18.0 a manual run does not count failures and does not record its start.
        """
        self.lab.shell(self.instance.database, "env['ir.cron']._process_jobs(env.cr.dbname)")

    def begin_worker(self) -> None:
        """Start the work of a worker without waiting for its end."""
        self._begin(self.work_queue)

    def _begin(self, run: Callable[[], None]) -> None:
        self.runs.append(Thread(target=run))
        self.runs[-1].start()

    def rest(self) -> None:
        """End every running operation, so that another database may use the name."""
        if self.runs:  # a slow server would keep them; the server of another broken instance is not changed
            self.lab.smtp[MAIN].reset()
        for run in self.runs:
            run.join()
        self.cleanup.close()

    def discharge(self) -> None:
        """End every running operation, and drop the database."""
        self.rest()
        self.lab.drop(self.instance.database)

    def mail(self, count: int = 1, **values: Any) -> None:
        own = {
            "state": "outgoing",
            "email_from": SENDER,
            "body_html": "<p>A test.</p>",
            "email_to": "to@else.example",
            **values,
        }
        with self.instance.session() as session:
            session.create("mail.mail", [{"subject": f"Mail {n}", "auto_delete": False, **own} for n in range(count)])

    def parameter(self, key: str, value: str) -> None:
        self.instance.enforce({"parameters": {key: value}})

    def age_mails(self, span: str) -> None:
        self.instance.sql(f"UPDATE mail_mail SET create_date = create_date - interval '{span}'")

    def admin_address(self, address: str | bool) -> None:
        """Change the address in its own table: Odoo would write to the old address of a user."""
        self.write("res.partner", {"email": address}, ["user_ids.login", "=", "admin"])

    def with_alias_domains(self) -> BrokenInstance:
        """Return the same.

        :raises NotApplicable: the instance has no alias domains.
        """
        self.instance.needs("mail.alias.domain")
        return self

    def overdue(self, minutes: int = 20) -> None:
        """Make every action due for this time, with no run since."""
        self.instance.sql(
            f"UPDATE ir_cron SET nextcall = now() at time zone 'utc' - interval '{minutes} minutes', "
            f"lastcall = now() at time zone 'utc' - interval '{minutes + 60} minutes'"
        )


# Faults


def _queue_hangs(broken: BrokenInstance) -> None:
    """Let it be overdue for three hours, while another worker runs all other actions."""
    broken.instance.needs("ir.cron.progress")
    broken.instance.sql(
        "UPDATE ir_cron SET nextcall = now() at time zone 'utc' - interval '3 hours', "
        "lastcall = now() at time zone 'utc' - interval '4 hours' WHERE cron_name::text LIKE '%Mail: Email Queue Manager%'; "
        "INSERT INTO ir_cron_progress (cron_id, timed_out_counter, create_date) "
        "SELECT id, 1, now() at time zone 'utc' - interval '3 hours' FROM ir_cron WHERE cron_name::text LIKE '%Mail: Email Queue Manager%'"
    )


def _due_alone(broken: BrokenInstance) -> None:
    broken.instance.sql(
        "UPDATE ir_cron SET nextcall = now() at time zone 'utc' - interval '1 minute' WHERE cron_name::text LIKE '%Mail: Email Queue Manager%'"
    )


def _cron_fails(broken: BrokenInstance) -> None:
    broken.instance.needs("ir.cron", "failure_count")
    broken.queue_action(code="model.process_email_queue()\nraise UserError('Broken by a test')")
    _due_alone(broken)
    broken.work_queue()


def _cron_fails_for_long(broken: BrokenInstance) -> None:
    """Let Odoo itself deactivate it."""
    broken.instance.needs("ir.cron", "failure_count")
    broken.queue_action(code="model.process_email_queue()\nraise UserError('Broken by a test')")
    broken.instance.sql(
        "UPDATE ir_cron SET failure_count = 4, first_failure_date = now() at time zone 'utc' - interval '8 days' "
        "WHERE cron_name::text LIKE '%Mail: Email Queue Manager%'"
    )
    _due_alone(broken)
    broken.work_queue()


def queue_runs(broken: BrokenInstance, *, delay: float = 0.3) -> None:
    """Keep the queue running with a slow SMTP server."""
    broken.instance.needs("ir.cron.progress")
    broken.overdue()
    broken.lab.smtp[MAIN].configure(delay=1)
    broken.mail()
    broken.begin_worker()
    deadline = time.monotonic() + 60
    while not broken.instance.sql("SELECT 1 FROM ir_cron_progress WHERE timed_out_counter > 0"):
        assert time.monotonic() < deadline, "the queue has not begun"
        time.sleep(0.1)
    broken.lab.smtp[MAIN].configure(delay=delay)


def _addon_to_upgrade(broken: BrokenInstance) -> None:
    with broken.instance.session() as session:
        session.call("ir.module.module", "button_upgrade", broken.ids("ir.module.module", ["name", "=", "digest"]))


def _call_not_taken(broken: BrokenInstance) -> None:
    broken.instance.sql(
        "INSERT INTO ir_cron_trigger (cron_id, call_at) "
        "SELECT id, now() at time zone 'utc' - interval '20 minutes' FROM ir_cron WHERE cron_name::text LIKE '%Mail: Email Queue Manager%'"
    )


def _no_host(broken: BrokenInstance) -> None:
    if broken.instance.requires("ir.mail_server", "smtp_host"):
        raise NotApplicable("the instance requires the host of a mail server")
    broken.server(smtp_host=False)


def _web_server(broken: BrokenInstance) -> None:
    """Use a server that answers, but not in SMTP."""
    smtp = broken.lab.smtp[MAIN]
    smtp.configure(replies={"CONNECT": "554 5.7.1 Go away"})
    (test,) = broken.examine(checks=["server"])["tests"]
    if "554" not in test["message"]:
        raise NotApplicable("the instance's connection test leaves out the code of a greeting")
    smtp.configure(replies={"CONNECT": "HTTP/1.1 400 Bad Request"})


def _gmail(broken: BrokenInstance, **oauth2: str) -> None:
    broken.server(active=False)
    broken.instance.enforce({"servers": [oauth2_server(broken.lab, "gmail", oauth2=oauth2, from_filter="lab.example")]})


def _gmail_without_a_secret(broken: BrokenInstance) -> None:
    _gmail(broken, refresh_token="made-up-refresh-token")
    _refresh_token, access_token, expiration = token_fields("gmail")
    known = {access_token: broken.lab.smtp["xoauth2"].token, expiration: int(time.time()) + 3600}
    broken.write("ir.mail_server", known, ["name", "=", "gmail"])
    broken.instance.enforce({"parameters": {"google_gmail_client_secret": ""}})


def _login_in_clear(broken: BrokenInstance) -> None:
    """Use a server that accepts a login without TLS, under a name that does not show that it is this machine."""
    welcome = {"EHLO": "250-plain.lab.example\r\n250 AUTH PLAIN LOGIN", "AUTH": "235 2.7.0 Welcome"}
    broken.lab.smtp["plain"].configure(replies={**welcome, "MAIL": "250 OK", "RCPT": "250 OK", "DATA": "354 Go on"})
    broken.through("plain", smtp_host="127.1", smtp_user="user", smtp_pass="made-up-password", smtp_encryption="none")


def _neutralized(broken: BrokenInstance) -> None:
    broken.lab.shell(
        broken.instance.database,
        "from odoo.modules.neutralize import neutralize_database\nneutralize_database(env.cr)",
    )


def _strictly_through(broken: BrokenInstance, smtp_name: str) -> None:
    """Use a mail server whose certificate no strict client accepts."""
    broken.instance.needs_strict()
    broken.through(smtp_name)


def _unverified_tls(broken: BrokenInstance) -> None:
    broken.instance.needs_strict()
    broken.server(smtp_encryption="starttls")


def _twin(broken: BrokenInstance, smtp_name: str, **values: Any) -> None:
    broken.instance.enforce({"servers": [password_server(broken.lab, smtp_name, name="Twin", **values)]})


def _many_mails(broken: BrokenInstance) -> None:
    broken.mail(1001)


def _refused(broken: BrokenInstance, verb: str, reply: str) -> None:
    """Create mails that an SMTP server has refused. Afterwards it accepts everything again."""
    broken.lab.smtp[MAIN].configure(replies={verb: reply})
    broken.mail(3)
    broken.run_queue()
    broken.lab.smtp[MAIN].reset()


def _gmail_without_https(broken: BrokenInstance) -> None:
    _gmail(broken)
    broken.parameter("web.base.url", "http://odoo.lab.example")


def _more_than_a_batch(broken: BrokenInstance) -> None:
    """Run the queue with a batch for a third of the mails."""
    broken.instance.needs_batch_size()
    broken.parameter("mail.mail.queue.batch.size", "10")
    broken.mail(30)
    broken.age_mails("1 hour")
    broken.instance.sql("UPDATE mail_mail SET write_date = create_date")
    broken.run_queue()


def _given_up(broken: BrokenInstance) -> None:
    """Create throttled mails at the end of their attempts."""
    _refused(broken, "MAIL", "451 4.7.1 Greylisted")
    with broken.instance.session() as session:
        act(session, "retry", Selection(), batch_size=50)
    broken.instance.sql("UPDATE mail_mail SET state = 'exception'")
    with broken.instance.session() as session:
        act(session, "retry", Selection(), batch_size=50, max_attempts=2)


def _blocked(broken: BrokenInstance) -> None:
    """Run the queue so that it stops at a mail server whose password is not ASCII."""
    broken.mail(3)
    broken.age_mails("1 hour")
    broken.instance.sql("UPDATE mail_mail SET write_date = create_date")
    broken.server(smtp_pass="made-up-ß")
    broken.run_queue()
    broken.server(smtp_pass=broken.lab.smtp[MAIN].password)


def _hung_up(broken: BrokenInstance) -> None:
    """Interrupt a run of the queue in the middle."""
    broken.lab.smtp[MAIN].configure(drop_at="DATA", drop_after=2)
    broken.mail(6)
    broken.age_mails("1 minute")
    broken.run_queue()
    broken.lab.smtp[MAIN].reset()


def without_recipient(broken: BrokenInstance) -> None:
    broken.mail(email_to=False)
    broken.run_queue()


def _old_mail(broken: BrokenInstance, span: str) -> None:
    broken.mail()
    broken.age_mails(span)


def _no_sender_to_test_with(broken: BrokenInstance) -> None:
    broken.server(from_filter=False)
    broken.admin_address(False)


def _key_ends(broken: BrokenInstance) -> None:
    broken.instance.needs("res.users.apikeys", "expiration_date")
    broken.instance.sql(
        "INSERT INTO res_users_apikeys (name, user_id, index, key, expiration_date) "
        "VALUES ('Nightly', 2, '00000000', 'made-up', now() at time zone 'utc' + interval '5 days 1 hour')"
    )


def _certificate_ended(broken: BrokenInstance) -> None:
    """Use an expired certificate. The mail server does not verify it, so mail is still sent."""
    broken.how["probe"] = True
    broken.through("expired", smtp_encryption="starttls")


def _client_certificate_ends(broken: BrokenInstance) -> None:
    broken.how["live_tests"] = False
    mine = issue("client.lab.example", days=3)
    stored = {"smtp_ssl_certificate": mine.certificate_pem, "smtp_ssl_private_key": mine.key_pem}
    encoded = {name: base64.b64encode(text.encode()).decode() for name, text in stored.items()}
    broken.server(smtp_authentication="certificate", smtp_user=False, smtp_pass=False, **encoded)


def _refresh_token_unused(broken: BrokenInstance) -> None:
    """Use it for 175 of Google's 180 days."""
    broken.how["live_tests"] = False
    _gmail(broken, refresh_token="made-up-refresh-token")
    _refresh_token, access_token, expiration = token_fields("gmail")
    used = {access_token: "made-up-access-token", expiration: int(time.time()) - 175 * 86400}
    broken.write("ir.mail_server", used, ["name", "=", "gmail"])


def _declare(broken: BrokenInstance, option: str, days: int) -> None:
    day = date.today() + timedelta(days=days)
    broken.how["declared_dates"] = [{"name": MAIN, option: day.isoformat()}]


def zone_fault(zone: str, *, silent: Sequence[str] = (), **declared: Any) -> Callable[[BrokenInstance], None]:
    """Return a fault in the DNS: records of the instance's domain, and names without an answer."""

    def bring(broken: BrokenInstance) -> None:
        server = broken.cleanup.enter_context(dns_server(zone))
        server.silent_names.update(silent)
        relay = {"server": MAIN, "addresses": ["203.0.113.10"], "dkim_selectors": ["s1"], **declared}
        seconds = 1 if silent else 10
        options = {"nameservers": [server.nameserver], "nameserver_timeout": seconds, "relays": [relay]}
        broken.how.update(checks=CHECKS, dns=dns_options(options))

    return bring


FAULTS: dict[str, tuple[str, Callable[[BrokenInstance], None]]] = {
    "the queue's action is disabled": ("cron_disabled", lambda it: it.queue_action(active=False)),
    "the queue's external id is gone": (
        "cron_disabled",
        lambda it: it.instance.sql("DELETE FROM ir_model_data WHERE name = 'ir_cron_mail_scheduler_action'") and None,
    ),
    "no worker": ("cron_overdue_no_worker", lambda it: it.overdue()),
    "the queue runs for long": ("cron_overdue_running", queue_runs),
    "the queue hangs, and others run": ("cron_overdue_running", _queue_hangs),
    "the queue's code is gone": ("cron_code_changed", lambda it: it.queue_action(code="pass")),
    "once in three months": (
        "cron_far_future",
        lambda it: it.queue_action(interval_number=3, interval_type="months"),
    ),
    "next call in a month": (
        "cron_far_future",
        lambda it: (
            it.instance.sql(
                "UPDATE ir_cron SET nextcall = nextcall + interval '30 days' WHERE cron_name::text LIKE '%Mail: Email Queue Manager%'"
            )
            and None
        ),
    ),
    "the queue's code raises": ("cron_failing", _cron_fails),
    "Odoo gives up an action": ("cron_auto_disabled", _cron_fails_for_long),
    "an addon waits to be upgraded": ("addons_pending", _addon_to_upgrade),
    "a call that nobody takes": ("cron_trigger_backlog", _call_not_taken),
    "the server is archived": ("no_active_server", lambda it: it.server(active=False)),
    "nothing listens": (
        "server_unreachable",
        lambda it: it.server(smtp_port=it.lab.description["smtp"]["nowhere"]["port"]),
    ),
    "no such host": ("server_dns", lambda it: it.server(smtp_host="smtp.invalid")),
    "silence": ("server_timeout", lambda it: it.through("silent", smtp_encryption="none")),
    "the server hangs up": ("server_disconnected", lambda it: it.lab.smtp[MAIN].configure(drop_at="CONNECT")),
    "no host": ("server_unconfigured", _no_host),
    "a password that is not ASCII": ("server_unconfigured", lambda it: it.server(smtp_pass="made-up-ß")),
    "a user that is not ASCII": ("server_unconfigured", lambda it: it.server(smtp_user="jürgen@lab.example")),
    "a password that ends with a line break": ("server_unconfigured", lambda it: it.server(smtp_pass="made-up\n")),
    "nobody to test as": ("server_untested", _no_sender_to_test_with),
    "TLS to a plain port": ("tls_mismatch", lambda it: it.server(smtp_encryption=it.instance.strict("ssl"))),
    "no STARTTLS for now": (
        "tls_mismatch",
        lambda it: it.lab.smtp[MAIN].configure(replies={"STARTTLS": "454 4.7.0 TLS not available"}),
    ),
    "no STARTTLS": ("tls_mismatch", lambda it: it.through("plain")),
    "an unknown authority": ("certificate_untrusted", lambda it: _strictly_through(it, "untrusted")),
    "an expired certificate": ("certificate_untrusted", lambda it: _strictly_through(it, "expired")),
    "a certificate for another name": ("certificate_untrusted", lambda it: _strictly_through(it, "misnamed")),
    "a wrong password": ("auth_failed", lambda it: it.server(smtp_pass="wrong")),
    "no login": ("auth_failed", lambda it: it.server(smtp_user=False, smtp_pass=False)),
    "no AUTH": (
        "auth_unsupported",
        lambda it: it.through("plain", smtp_encryption="none", smtp_user="user", smtp_pass="made-up-password"),
    ),
    "somebody else's address": ("sender_rejected", lambda it: it.through("starttls")),
    "no such recipient": (
        "recipient_rejected",
        lambda it: it.lab.smtp[MAIN].configure(replies={"RCPT": "550 5.1.1 User unknown"}),
    ),
    "no relaying": (
        "relay_denied",
        lambda it: it.lab.smtp[MAIN].configure(replies={"RCPT": "550 5.7.1 Relaying denied"}),
    ),
    "a name without a domain": (
        "helo_rejected",
        lambda it: it.lab.smtp[MAIN].configure(
            replies={"RCPT": "504 5.5.2 <odoo>: Helo command rejected: need fully-qualified hostname"}
        ),
    ),
    "a blocked address": (
        "client_blocked",
        lambda it: it.lab.smtp[MAIN].configure(
            replies={"RCPT": "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org"}
        ),
    ),
    "a web server": ("not_smtp", _web_server),
    "refused for now": (
        "throttled",
        lambda it: it.lab.smtp[MAIN].configure(replies={"MAIL": "421 4.7.0 Too many connections"}),
    ),
    "no consent": ("oauth_not_connected", _gmail),
    "a withdrawn consent": ("oauth_refresh_failed", lambda it: _gmail(it, refresh_token="made-up-refresh-token")),
    "no client secret": ("oauth_misconfigured", _gmail_without_a_secret),
    "a password in clear": ("plaintext_password", _login_in_clear),
    "TLS without a look at the certificate": ("unverified_tls", _unverified_tls),
    "the same server twice": (
        "duplicate_servers",
        lambda it: _twin(it, MAIN, smtp_encryption=it.instance.strict("starttls"), from_filter="lab.example"),
    ),
    "a neutralized copy": ("neutralized", _neutralized),
    "a filter for the other server": (
        "config_file_overridden",
        lambda it: it.parameter("mail.default.from_filter", "lab.example"),
    ),
    "no server for any sender": ("sender_without_server", lambda it: it.server(from_filter="else.example")),
    "a server behind another": (
        "route_shadowed",
        lambda it: _twin(it, "ssl", smtp_encryption=it.instance.strict("ssl"), from_filter="lab.example", sequence=20),
    ),
    "a user of another domain": (
        "from_rewritten",
        lambda it: it.admin_address("admin@else.example"),
    ),
    "a thousand and one mails": ("backlog", _many_mails),
    "a mail of three hours ago": ("oldest_too_old", lambda it: _old_mail(it, "3 hours")),
    "a mail of last week": ("stale_outgoing", lambda it: _old_mail(it, "8 days")),
    "refused recipients": ("failures_by_class", lambda it: _refused(it, "RCPT", "550 5.1.1 No such user")),
    "throttled mails": ("throttled", lambda it: _refused(it, "MAIL", "451 4.7.1 Greylisted")),
    "a host with a port": ("server_unconfigured", lambda it: it.server(smtp_host="smtp.lab.example:587")),
    "a host with a scheme": ("server_unconfigured", lambda it: it.server(smtp_host="smtps://smtp.lab.example")),
    "a host with a blank": ("server_unconfigured", lambda it: it.server(smtp_host="smtp.lab.example ")),
    "a consent that cannot come back": ("oauth_misconfigured", _gmail_without_https),
    "a test catcher": ("test_catcher", lambda it: it.server(smtp_host="mailpit.invalid")),
    "a mailing server that is gone": (
        "mailing_server_unusable",
        lambda it: it.parameter("mass_mailing.mail_server_id", "4711"),
    ),
    "an entry with a semicolon": (
        "from_filter_unmatched",
        lambda it: it.server(from_filter="lab.example,a.example;b.example"),
    ),
    "a parameter of former versions": (
        "parameter_ignored",
        lambda it: it.with_alias_domains().parameter("mail.catchall.domain", "lab.example"),
    ),
    "a parameter that nobody reads": (
        "parameter_ignored",
        lambda it: it.parameter("mail.force.smtp.from", "info@lab.example"),
    ),
    "the company's first address": (
        "sample_address",
        lambda it: it.write("res.company", {"email": "info@yourcompany.com"}),
    ),
    "more mails than a batch": ("queue_batch_full", _more_than_a_batch),
    "a changed code that is disabled": ("cron_code_changed", lambda it: it.queue_action(code="pass", active=False)),
    "mails that were tried too often": ("given_up", _given_up),
    "a queue that breaks off": ("queue_blocked", _blocked),
    "cut off in the middle": ("interrupted_batch", _hung_up),
    "no recipients": ("no_recipient", without_recipient),
    "a key that ends in five days": ("api_key_expires", _key_ends),
    "a certificate that has ended": ("certificate_expires", _certificate_ended),
    "a client certificate of three days": ("client_certificate_expires", _client_certificate_ends),
    "a client secret that ended yesterday": (
        "client_secret_expires",
        lambda it: _declare(it, "client_secret_expires", -1),
    ),
    "a refresh token that nobody uses": ("refresh_token_expires", _refresh_token_unused),
    "a password that is overdue": ("password_rotation_due", lambda it: _declare(it, "smtp_pass_rotate_by", -9)),
    "a company without alias domain": (
        "alias_domain_missing",
        lambda it: it.with_alias_domains().write("res.company", {"alias_domain_id": False}),
    ),
    "no address for notifications": (
        "default_from_missing",
        lambda it: it.with_alias_domains().write("mail.alias.domain", {"default_from": False}),
    ),
    "links to no address": ("base_url_localhost", lambda it: it.parameter("web.base.url", "http://[::1")),
    "links to localhost": ("base_url_localhost", lambda it: it.parameter("web.base.url", "http://localhost:8069")),
    "one mail at a time": ("batch_size_extreme", lambda it: it.parameter("mail.session.batch.size", "1")),
    **{words: (finding, zone_fault(text, **how)) for words, (finding, text, how) in DNS_FAULTS.items()},
    "a batch size that is none": ("batch_size_extreme", lambda it: it.parameter("mail.session.batch.size", "many")),
}
# Odoo waits a minute for a silent server.


# Errors that a fault causes in addition to its own.
CONSEQUENCES = {
    "a test catcher": {"server_dns"},
    "a changed code that is disabled": {"cron_disabled"},
    "a consent that cannot come back": {"oauth_not_connected"},
}
