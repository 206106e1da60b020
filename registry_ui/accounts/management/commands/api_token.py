"""`manage.py api_token`: make a bearer token and print it, and nothing else, so that a script can capture it."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from flavor.tasks import InvalidInput

from ... import administrator, tokens
from ...scopes import Scope
from ..people import get_user


class Command(BaseCommand):
    help = "Make an API token and print it. It cannot be read again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True, help="What it is for, such as the machine that will use it.")
        parser.add_argument("--scopes", nargs="+", default=list(Scope), help=f"What it may do (default all): {', '.join(Scope)}.")
        parser.add_argument("--user", default=administrator.NAME, help=f"Whose it is (default {administrator.NAME}).")
        parser.add_argument("--days", type=float, help="After how many days it ends (default never).")

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["days"]
        expires_at = None if days is None else timezone.now() + timedelta(days=days)
        scopes = [scope for given in options["scopes"] for scope in given.replace(",", " ").split()]
        try:
            _, plain = tokens.create(get_user(options["user"]), name=options["name"], scopes=scopes, expires_at=expires_at)
        except InvalidInput as error:
            raise CommandError(str(error)) from error
        self.stdout.write(plain)
