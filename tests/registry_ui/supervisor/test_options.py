"""An address in the environment replaces an embedded part; the rest of what children are told."""

from pathlib import Path

import pytest

from registry_ui.supervisor.options import Options, without_password
from registry_ui.supervisor.plan import find_parts
from registry_ui.supervisor.sockets import LONGEST_PATH_BYTES, redis_socket


def options(var_dir: Path, *, host: str = "127.0.0.1", **environ: str) -> Options:
    return Options(host=host, port=8000, mlflow_port=5001, demo=False, var_dir=var_dir, project_dir=Path.cwd(), environ=environ)


def names(options: Options) -> list[str]:
    return [part.name for part in find_parts(options)]


def test_everything_is_started_when_the_environment_names_nothing(tmp_path: Path) -> None:
    assert names(options(tmp_path)) == ["redis", "mlflow", "worker", "web"]


@pytest.mark.parametrize(
    ("address", "part"), [({"REDIS_URL": "redis://box/0"}, "redis"), ({"MLFLOW_TRACKING_URI": "http://box:5000"}, "mlflow")]
)
def test_a_named_part_is_not_started_and_nobody_waits_for_it(tmp_path: Path, address: dict[str, str], part: str) -> None:
    parts = find_parts(options(tmp_path, **address))
    assert part not in [each.name for each in parts]
    assert part not in [name for each in parts for name in each.after]


def test_an_empty_address_means_embedded(tmp_path: Path) -> None:
    assert names(options(tmp_path, REDIS_URL="", MLFLOW_TRACKING_URI="")) == ["redis", "mlflow", "worker", "web"]


def test_children_are_told_the_addresses_and_stay_quiet(tmp_path: Path) -> None:
    told = options(tmp_path, HOME="/home/alice").child_environ()
    assert told["REDIS_URL"] == f"unix://{tmp_path}/redis/redis.sock"
    assert told["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:5001"
    assert told["REGISTRY_VAR_DIR"] == str(tmp_path)
    assert told["DO_NOT_TRACK"] == "true"
    assert told["HOME"] == "/home/alice"


def test_the_pages_answer_to_the_host_that_was_asked_for(tmp_path: Path) -> None:
    assert options(tmp_path, host="10.1.2.3").child_environ()["ALLOWED_HOSTS"].endswith(",10.1.2.3")
    assert options(tmp_path, host="10.1.2.3", ALLOWED_HOSTS="hub").child_environ()["ALLOWED_HOSTS"] == "hub"


def test_a_browser_is_sent_to_this_machine_when_all_interfaces_are_open(tmp_path: Path) -> None:
    assert options(tmp_path, host="0.0.0.0").url == "http://127.0.0.1:8000"
    assert options(tmp_path, host="::1").url == "http://[::1]:8000"


def test_an_mlflow_of_ones_own_is_not_filled_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wants_demo(demo: bool | None) -> bool:
        return Options.from_environment(
            host="127.0.0.1", port=8000, mlflow_port=5001, demo=demo, var_dir=tmp_path, project_dir=tmp_path
        ).demo

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert wants_demo(None)
    assert not wants_demo(False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://box:5000")
    assert not wants_demo(None)
    assert wants_demo(True)


def test_a_deep_folder_gets_a_socket_with_a_short_path_that_stays_the_same(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a folder with a long name"] * 6)
    assert len(str(redis_socket(deep))) <= LONGEST_PATH_BYTES
    assert redis_socket(deep) == redis_socket(deep) != redis_socket(deep / "other")


def test_passwords_are_not_shown() -> None:
    assert without_password("redis://:secret@box:6379/0") == "redis://:***@box:6379/0"
    assert without_password("postgres://hub:secret@db/hub") == "postgres://hub:***@db/hub"
    assert without_password("http://box:5000") == "http://box:5000"
