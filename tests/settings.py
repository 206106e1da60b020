"""Settings of the test suite: the real ones, on a var folder of its own."""

import os
import tempfile

os.environ["REGISTRY_VAR_DIR"] = os.environ.get("REGISTRY_TEST_VAR_DIR") or tempfile.mkdtemp(prefix="registry-test-")
for name in ("REDIS_URL", "MLFLOW_TRACKING_URI"):
    os.environ.pop(name, None)
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from registry_ui.settings import *  # noqa: E402, F403

SECRET_KEY = "only-for-tests"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# A file, so that threads and worker processes of a test share it: SQLite in memory does not wait for locks.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}  # noqa: F405
# Static files are served from where they lie: nothing is collected for tests.
WHITENOISE_AUTOREFRESH = True
