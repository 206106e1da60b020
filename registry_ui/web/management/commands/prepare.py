"""`manage.py prepare`: what must be done before the pages can answer: tables, static files, an administrator."""

from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection

from registry_ui.supervisor.sign_in import write_link


class Command(BaseCommand):
    help = "Bring the database up to date, collect the static files, make the administrator of a new registry."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", help="Where the pages will be reached; `up` shows a sign-in link with it.")

    def handle(self, *args: Any, **options: Any) -> None:
        self._reach_database()
        self._migrate()
        call_command("collectstatic", interactive=False, verbosity=0)
        if options["url"]:
            link = StringIO()
            call_command("ensure_admin", host=options["url"], stdout=link)
            write_link(settings.VAR_DIR, link.getvalue().strip())

    def _reach_database(self) -> None:
        try:
            connection.ensure_connection()
        except OperationalError as error:
            named = connection.settings_dict
            where = f" at {named['HOST']}:{named['PORT']}" if named["HOST"] else ""
            reason = str(error).strip().splitlines()[0]
            raise CommandError(f"The database {named['NAME']}{where} (DATABASE_URL) cannot be used: {reason}") from None

    def _migrate(self) -> None:
        said = StringIO()
        call_command("migrate", interactive=False, verbosity=1, no_color=True, stdout=said)
        applied = [line for line in said.getvalue().splitlines() if line.strip().startswith("Applying ")]
        if applied:
            self.stdout.write(f"Brought the database up to date: {len(applied)} migrations.")
