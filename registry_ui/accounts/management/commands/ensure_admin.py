"""`manage.py ensure_admin`: a new registry gets its administrator and a link to sign in by."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ... import administrator, links
from ..hosts import DEFAULT_HOST, absolute

# The first start fills the registry for minutes; whoever looks up later still finds the link alive.
LIVES_MINUTES = 60


class Command(BaseCommand):
    help = "Make the administrator of a new registry; print a one-time sign-in link until an administrator has signed in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--link", action="store_true", help="Print a fresh link in any case.")
        parser.add_argument("--host", default=DEFAULT_HOST, help=f"Where the pages are reached (default {DEFAULT_HOST}).")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            admin = administrator.ensure()
        except administrator.NameTaken as error:
            raise CommandError(str(error)) from error
        if options["link"] or not administrator.has_anybody_come():
            self.stdout.write(absolute(options["host"], links.create(admin, minutes=LIVES_MINUTES)))
