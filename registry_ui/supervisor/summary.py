"""What is printed once the pages answer: what to open, what runs, how to stop it."""

from collections.abc import Callable, Sequence

from .keeper import Keeper, Phase
from .options import EVERYWHERE, Options, without_password


def summary(options: Options, keepers: Sequence[Keeper], *, sign_in_link: str | None, bold: Callable[[str], str]) -> str:
    """Return the lines to print."""
    lines = [bold("  The model registry is open."), ""]
    if sign_in_link:
        lines.append(f"    Sign in   {bold(sign_in_link)}   (once, as the administrator)")
    lines.append(f"    Open      {options.url if sign_in_link else bold(options.url)}")
    lines.append(f"    Log to    MLFLOW_TRACKING_URI={without_password(options.mlflow_url)}")
    lines.append("")
    lines += [
        f"    {keeper.part.name:<8}  pid {keeper.pid or '-':<8} {keeper.part.address}{_still(keeper)}" for keeper in keepers
    ]
    lines += [f"    {name:<8}  not ours     {address}" for name, address in _external(options)]
    lines += ["", f"    Data and logs   {options.var_dir}"]
    lines += [f"    Another link    manage.py sign_in_link --host {options.url}", "    Stop            Ctrl-C"]
    if options.host in EVERYWHERE and not options.environ.get("ALLOWED_HOSTS"):
        lines.append("    Listening on every interface, but answering to this machine's own names only: set ALLOWED_HOSTS.")
    return "\n".join(lines)


def _still(keeper: Keeper) -> str:
    return "" if keeper.phase is Phase.READY else " (still starting)"


def _external(options: Options) -> list[tuple[str, str]]:
    external = []
    if not options.embeds_redis:
        external.append(("redis", without_password(options.redis_url)))
    if not options.embeds_mlflow:
        external.append(("mlflow", without_password(options.mlflow_url)))
    return external
