"""Starts the parts, prints where the pages are, restarts what dies, stops everything in reverse order."""

import time

from .children import Children
from .errors import CannotStart
from .keeper import Keeper, Phase
from .lock import VarLock
from .one_shots import OneShot
from .options import Options
from .output import Console
from .parts import Part
from .plan import check_ports, external_problem, find_parts
from .process import Process
from .sign_in import take_link
from .signals import Signals, caught
from .summary import summary

STEP_S = 0.05
CALM_STEP_S = 1.0  # a signal or the end of a child wakes us at once
EXTERNAL_WITHIN_S = 30.0


class Supervisor:
    """One run of `manage.py up`."""

    def __init__(self, options: Options, console: Console) -> None:
        self._options = options
        self._console = console
        self._children = Children(options, console)
        self._lock = VarLock(options.var_dir)
        self._keepers: list[Keeper] = []
        self._one_shots: list[OneShot] = []

    def run(self) -> int:
        """Run until asked to stop. Returns the exit code; everything that was started has ended then."""
        self._options.var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except CannotStart as error:
            self._console.line("up", str(error))
            return 1
        with caught() as signals:
            exit_code = self._run(signals)
            self._stop(signals)
        self._children.dismiss_undertaker()
        self._lock.release()
        return exit_code

    def _run(self, signals: Signals) -> int:
        try:
            self._clear_the_way(signals)
            self._start(signals)
            self._watch(signals)
        except CannotStart as error:
            self._children.say(str(error))
            return 1
        return 0

    def _clear_the_way(self, signals: Signals) -> None:
        if left := self._children.clear_up():
            self._children.say(f"Stopped what a killed run had left: {', '.join(f'pid {pid}' for pid in left)}.")
        check_ports(self._options)
        self._await_external(signals)
        self._children.call_undertaker(self._lock)

    def _await_external(self, signals: Signals) -> None:
        """Return when the parts that are not ours answer. Raises CannotStart naming the one that does not."""
        give_up = time.monotonic() + EXTERNAL_WITHIN_S
        problem = external_problem(self._options)
        if problem:
            self._children.say(f"{problem} Waiting for it.")
        while problem and not signals.asked_to_stop:
            if time.monotonic() > give_up:
                raise CannotStart(f"{problem} Start it first, or leave the address away to use the embedded one.")
            signals.wait(0.5)
            problem = external_problem(self._options)

    def _start(self, signals: Signals) -> None:
        """Start the parts, show where the pages are as soon as they answer, return when all are ready or when asked to stop."""
        started_at = time.monotonic()
        parts = find_parts(self._options)
        self._children.say(f"Starting {', '.join(part.name for part in parts)}.")
        self._keepers = [Keeper(part, start=self._launch, say=self._children.say) for part in parts]
        prepare = self._one_shot("prepare", "prepare", "--url", self._options.url, after=())
        is_shown = False
        while not signals.asked_to_stop:
            ready = self._ready()
            prepare.tick(ready)
            self._tick(ready | {"prepare"} if prepare.has_succeeded else ready)
            if "web" in ready and not is_shown:
                self._show()
                is_shown = True
            if self._all_ready():
                self._children.say(f"Everything is ready ({time.monotonic() - started_at:.1f} s).")
                return
            signals.wait(STEP_S)

    def _show(self) -> None:
        link = take_link(self._options.var_dir)
        self._console.block(summary(self._options, self._keepers, sign_in_link=link, bold=self._console.bold))

    def _watch(self, signals: Signals) -> None:
        """Keep the parts running until asked to stop."""
        demo = self._one_shot("demo", "fill_demo", after=("web", "worker")) if self._options.demo else None
        while not signals.asked_to_stop:
            self._children.call_undertaker(self._lock)
            ready = self._ready()
            self._tick(ready)
            try:
                if demo:
                    demo.tick(ready)
            except CannotStart as error:  # the registry serves without
                self._children.say(str(error))
                demo = None
            signals.wait(CALM_STEP_S if self._all_ready() else STEP_S)

    def _stop(self, signals: Signals) -> None:
        """Stop in reverse order, each within its time; at once when asked again."""
        if self._keepers:
            self._children.say("Stopping. Again to stop at once.")
        for one_shot in self._one_shots:
            one_shot.kill()
        asked = signals.asked_to_stop
        for keeper in reversed(self._keepers):
            keeper.ask_to_stop()
            give_up = time.monotonic() + keeper.part.stop_within_s
            while keeper.is_running and time.monotonic() < give_up and signals.asked_to_stop == asked:
                signals.wait(STEP_S)
            keeper.end()
        if self._keepers:
            self._children.say("Everything has stopped.")

    def _tick(self, ready: set[str]) -> None:
        for keeper in self._keepers:
            keeper.tick(ready)

    def _ready(self) -> set[str]:
        return {keeper.part.name for keeper in self._keepers if keeper.phase is Phase.READY}

    def _all_ready(self) -> bool:
        return all(keeper.phase is Phase.READY for keeper in self._keepers)

    def _launch(self, part: Part) -> Process:
        return self._children.launch(part.name, part.command, folder=part.folder, environ=part.environ, noise=part.noise)

    def _one_shot(self, name: str, *arguments: str, after: tuple[str, ...]) -> OneShot:
        one_shot = OneShot(name, *arguments, after=after, options=self._options, children=self._children)
        self._one_shots.append(one_shot)
        return one_shot
