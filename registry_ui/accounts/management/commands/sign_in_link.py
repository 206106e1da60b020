"""`manage.py sign_in_link`: print a link that signs a person in once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ... import administrator, links
from ..hosts import DEFAULT_HOST, absolute
from ..people import get_user


class Command(BaseCommand):
    help = "Print a link that signs a person in once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", default=administrator.NAME, help=f"Whom it signs in (default {administrator.NAME}).")
        parser.add_argument("--host", default=DEFAULT_HOST, help=f"Where the pages are reached (default {DEFAULT_HOST}).")
        parser.add_argument("--minutes", type=float, default=links.LIVES_MINUTES, help="How long it lives.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["minutes"] <= 0:
            raise CommandError(f"--minutes must be more than 0, got {options['minutes']:g}.")
        path = links.create(get_user(options["user"]), minutes=options["minutes"])
        self.stdout.write(absolute(options["host"], path))
