"""What children see of the environment: no secret, except those that a log job cannot do without."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flavor.runtime import environment
from flavor.runtime.zygote import Zygote
from tests.flavor.runtime import plain_models
from tests.flavor.runtime.conftest import Pool
from tests.flavor.runtime.test_zygote import call

SECRETS = {
    "SECRET_KEY": "canary-1",
    "DATABASE_URL": "postgres://registry:canary-2@db/registry",
    "REDIS_URL": "redis://canary-3",
    "CELERY_BROKER": "redis://:canary-4@redis/0",
    "SMTP_PASSWORD": "canary-5",
    "SENTRY_DSN": "https://canary-6@sentry",
}
OF_JOBS = {
    "HF_TOKEN": "hub-canary",
    "MLFLOW_TRACKING_PASSWORD": "mlflow-canary",
    "AWS_SECRET_ACCESS_KEY": "store-canary",
    "HTTPS_PROXY": "http://me:proxy-canary@proxy",
}
PUBLIC = {"HF_HOME": "/models", "MLFLOW_TRACKING_URI": "http://127.0.0.1:5001", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}


@pytest.fixture(scope="module")
def zygote_with_secrets() -> Iterator[Zygote]:
    made = Zygote(threads=1, preload=[], inherited={**SECRETS, **OF_JOBS, **PUBLIC})
    made.start()
    yield made
    made.close()


def test_a_job_is_handed_what_it_needs_for_mlflow_its_store_and_the_hub(zygote_with_secrets: Zygote) -> None:
    found = call(zygote_with_secrets, "surroundings")

    assert {**OF_JOBS, **PUBLIC}.items() <= found["environment"].items()
    assert not SECRETS.keys() & found["environment"].keys()
    assert "canary" not in found["at_start"]  # what other processes of this user can read


def test_a_model_sees_no_secret_at_all_and_stays_offline(zygote_with_secrets: Zygote, tmp_path: Path) -> None:
    pool = Pool(zygote_with_secrets, loader=plain_models.LOADER)
    seen = pool.answer(str(tmp_path))["results"][0]["records"][0]
    pool.pool.close()

    assert {**PUBLIC, "HF_HUB_OFFLINE": "1"}.items() <= seen["now"].items()
    assert "canary" not in str(seen)


@pytest.mark.parametrize("name", ["API_KEY", "github_token", "DB_PASSWD", "GOOGLE_APPLICATION_CREDENTIALS", "SSH_AUTH_SOCK"])
def test_names_of_secrets_are_known_whatever_their_case(name: str) -> None:
    assert environment.is_secret(name, "x")


def test_an_address_without_a_password_is_no_secret() -> None:
    assert not environment.is_secret("MLFLOW_TRACKING_URI", "http://127.0.0.1:5001/path?x=a@b")
    assert environment.is_secret("MLFLOW_TRACKING_URI", "http://me:word@mlflow:5001")
