"""`manage.py up`: start the whole registry on this machine, keep it running, stop it on Ctrl-C."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from registry_ui.supervisor.options import Options
from registry_ui.supervisor.output import Console
from registry_ui.supervisor.supervisor import Supervisor


class Command(BaseCommand):
    help = "Start everything that a registry needs: Redis, MLflow, a worker, the pages. Ctrl-C stops it."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="Interface for the pages (default 127.0.0.1: this machine only).")
        parser.add_argument("--port", type=int, default=8000, help="Port for the pages (default 8000).")
        parser.add_argument("--mlflow-port", type=int, default=5001, help="Port for the embedded MLflow (default 5001).")
        parser.add_argument(
            "--demo",
            action="store_true",
            default=None,
            help="Fill an empty registry with demo models (default, unless MLFLOW_TRACKING_URI names an MLflow of yours).",
        )
        parser.add_argument("--no-demo", dest="demo", action="store_false", help="Leave an empty registry empty.")

    def handle(self, *args: Any, **given: Any) -> None:
        options = Options.from_environment(
            host=given["host"],
            port=given["port"],
            mlflow_port=given["mlflow_port"],
            demo=given["demo"],
            var_dir=settings.VAR_DIR,
            project_dir=settings.BASE_DIR,
        )
        sys.exit(Supervisor(options, Console(sys.stdout)).run())
