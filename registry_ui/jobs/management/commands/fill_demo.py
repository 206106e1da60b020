"""`manage.py fill_demo`: fill an empty registry with small models that are trained here, by ordinary jobs."""

from time import monotonic, sleep
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from demo import DEMOS, Demo
from registry_ui.catalog import mlflow_client

from ... import demos

LOOK_EVERY_S = 1.0


class Command(BaseCommand):
    help = "Train and register the demo models when the registry is empty; goes on where an earlier call was stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="Train all of them again, whatever the registry holds.")

    def handle(self, *args: Any, **options: Any) -> None:
        waiting = list(DEMOS) if options["force"] else self._not_yet_asked()
        if not waiting and not options["force"]:
            return
        self.stdout.write("Training demo models by ordinary jobs; the Jobs page shows how far they are.")
        started_at = monotonic()
        said: set[str] = set()
        while True:
            progress = {each.demo.name: each for each in demos.list_progress()}
            waiting = [demo for demo in waiting if not self._submit(demo, progress, waiting, again=options["force"])]
            self._say_what_is_new(progress, said)
            if not waiting and all(each.is_over for each in progress.values() if each.training):
                break
            sleep(LOOK_EVERY_S)
        self._close(progress, monotonic() - started_at)

    def _not_yet_asked(self) -> list[Demo]:
        """Return the demos to submit: none when the registry was filled by somebody else, or this was done before."""
        progress = demos.list_progress()
        missing = [each.demo for each in progress if each.training is None]
        if len(missing) < len(progress):
            return missing
        try:
            is_empty = not mlflow_client.list_registered_models(newest=1)
        except mlflow_client.MlflowUnavailable as error:
            raise CommandError(str(error)) from error
        return missing if is_empty else []

    def _submit(self, demo: Demo, progress: dict[str, demos.DemoProgress], waiting: list[Demo], *, again: bool) -> bool:
        """Whether the demo needs no more thought: submitted, or never to be because its base failed."""
        base = demos.base_of(demo)
        if base in waiting or (base and not progress[base.name].is_over):
            return False
        if base and progress[base.name].failed:
            self.stderr.write(f"{demo.name} is not trained: it builds upon {base.name}, which failed.")
            return True
        demos.submit_demo(demo, again=again)
        return True

    def _say_what_is_new(self, progress: dict[str, demos.DemoProgress], said: set[str]) -> None:
        for name, each in progress.items():
            if name in said or not each.is_over:
                continue
            said.add(name)
            if each.is_registered and each.logging:
                self.stdout.write(f"{name} is registered as {each.logging.target}, alias {each.demo.alias}.")

    def _close(self, progress: dict[str, demos.DemoProgress], seconds: float) -> None:
        failed = [each.failed for each in progress.values() if each.failed]
        if failed:
            reasons = " ".join(f"Job {job.id}: {(job.error or {}).get('detail', job.state)}" for job in failed)
            raise CommandError(f"{len(failed)} of the demo models failed; retry them on the Jobs page. {reasons}")
        self.stdout.write(f"The demo models are ready ({seconds:.0f} s).")
