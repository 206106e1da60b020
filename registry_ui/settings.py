"""Every setting, from the environment or a default that works alone on one machine.

REDIS_URL, DATABASE_URL and MLFLOW_TRACKING_URI replace the embedded parts; `manage.py up` sets them for its children.
"""

from pathlib import Path

import environ

from .supervisor.sockets import redis_socket

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# Where the embedded parts keep their files: database, Redis, MLflow store, uploads, secrets.
VAR_DIR = env.path("REGISTRY_VAR_DIR", default=str(BASE_DIR / "var"))
VAR_DIR = Path(str(VAR_DIR))

DEBUG = env.bool("REGISTRY_DEBUG", default=False)


def _secret_key() -> str:
    """Return SECRET_KEY, made once and kept private in the var folder when the environment has none."""
    if "SECRET_KEY" in env.ENVIRON:
        return env.str("SECRET_KEY")
    from .secret_key import read_or_create

    return read_or_create(VAR_DIR / "secret_key")


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
BEHIND_TLS = env.bool("REGISTRY_BEHIND_TLS", default=False)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "rest_framework",
    "registry_ui.web",
    "registry_ui.accounts",
    "registry_ui.assets",
    "registry_ui.catalog",
    "registry_ui.jobs",
    "registry_ui.predictions",
    "registry_ui.playground",
    "registry_ui.api",
]

MIDDLEWARE = [
    "registry_ui.web.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "registry_ui.accounts.middleware.SignInRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "registry_ui.web.middleware.ContentSecurityPolicyMiddleware",
]

ROOT_URLCONF = "registry_ui.urls"
WSGI_APPLICATION = "registry_ui.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "registry_ui.web.context_processors.frame",
            ],
            "builtins": ["registry_ui.web.templatetags.format"],
        },
    }
]

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'registry.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 5,
        "transaction_mode": "IMMEDIATE",
        # FULL: a job row must survive a power cut.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
MESSAGE_TAGS = {10: "info", 20: "info", 25: "ok", 30: "warn", 40: "bad"}  # the tones of notices
CSRF_FAILURE_VIEW = "registry_ui.web.views.csrf_failure"
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SECURE_SSL_REDIRECT = False  # the proxy's work
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SECURE_HSTS_SECONDS = 31536000 if BEHIND_TLS else 0
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # the name may have subdomains that we cannot promise TLS for
    "security.W008",  # redirecting to TLS is the proxy's work
    "security.W021",  # joining the browsers' preload list is the owner's choice
]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = VAR_DIR / "assets"
DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("REGISTRY_MAX_BODY_BYTES", default=32 * 2**20)
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20

REDIS_URL = env.str("REDIS_URL", default=f"unix://{redis_socket(VAR_DIR)}")
MLFLOW_TRACKING_URI = env.str("MLFLOW_TRACKING_URI", default="http://127.0.0.1:5001")

# Celery carries ids and small prediction messages; it keeps no results (the Job row is the truth).
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 300, "global_keyprefix": "registry:", "socket_timeout": 10}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "jobs"
CELERY_TASK_ROUTES = {"registry_ui.predictions.tasks.*": {"queue": "predict"}}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_POOL = "threads"

# Jobs: times in seconds.
JOB_LEASE_S = env.float("JOB_LEASE_S", default=20)
JOB_HEARTBEAT_S = env.float("JOB_HEARTBEAT_S", default=5)
JOB_RING_AGAIN_S = env.float("JOB_RING_AGAIN_S", default=10)
JOB_SWEEP_S = env.float("JOB_SWEEP_S", default=5)
JOB_MAX_ATTEMPTS = env.int("JOB_MAX_ATTEMPTS", default=3)
JOB_TIMEOUT_S = env.float("JOB_TIMEOUT_S", default=3600)
JOB_CONCURRENCY = env.int("JOB_CONCURRENCY", default=2)  # computing jobs beside each other on one worker
WORKER_HEARTBEAT_S = env.float("WORKER_HEARTBEAT_S", default=2)  # its advert in Redis lives three times as long

# Models in memory on one worker.
MODEL_BUDGET_BYTES = env.int("MODEL_BUDGET_BYTES", default=0)  # 0: half of the machine's memory
MODEL_THREADS = env.int("MODEL_THREADS", default=0)  # 0: cores - 1, at least 1
PREDICT_TIMEOUT_S = env.float("PREDICT_TIMEOUT_S", default=60)
PREDICT_MAX_BATCH = env.int("PREDICT_MAX_BATCH", default=32)
PREDICT_MAX_WAITING = env.int("PREDICT_MAX_WAITING", default=256)  # of one model in one web process
PREDICT_RESULT_KEPT_S = env.int("PREDICT_RESULT_KEPT_S", default=900)  # answers and streams wait in Redis to be collected
PREDICT_HISTORY_DAYS = env.int("PREDICT_HISTORY_DAYS", default=30)

# Log jobs read checkpoints only below these folders.
CHECKPOINT_ROOTS = [Path(root) for root in env.list("CHECKPOINT_ROOTS", default=[str(VAR_DIR / "checkpoints")])]
HUB_OFFLINE = env.bool("HF_HUB_OFFLINE", default=False)

# The index of what MLflow holds.
CATALOG_POLL_S = env.float("CATALOG_POLL_S", default=5)
MLFLOW_TIMEOUT_S = env.int("MLFLOW_TIMEOUT_S", default=10)  # for one answer of MLflow, unless MLFLOW_HTTP_REQUEST_TIMEOUT says

ASSETS_KEPT_DAYS = env.int("ASSETS_KEPT_DAYS", default=30)
MAX_UPLOAD_BYTES = env.int("REGISTRY_MAX_UPLOAD_BYTES", default=20 * 2**20)
MAX_IMAGE_PIXELS = env.int("REGISTRY_MAX_IMAGE_PIXELS", default=40_000_000)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "registry_ui.api.authentication.BearerTokenAuthentication",
        "registry_ui.api.authentication.SignedInAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["registry_ui.api.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["registry_ui.api.parsers.JsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "registry_ui.api.negotiation.JsonUnlessAsked",
    "DEFAULT_SCHEMA_CLASS": "registry_ui.api.openapi.Operation",
    "EXCEPTION_HANDLER": "registry_ui.api.problems.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Model registry",
    "DESCRIPTION": "Browse, log, load and ask Hugging Face Transformers models that are kept in MLflow.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SORT_OPERATIONS": False,  # as in urls.py
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [
        "registry_ui.api.openapi.add_problems",
        "registry_ui.api.openapi.describe_paths",
        "registry_ui.api.openapi.add_tasks",
    ],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "registry_ui.web.request_id.RequestIdFilter"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s]: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    # Two lines for every message, which is every prediction; jobs speak for themselves.
    "loggers": {name: {"level": "WARNING"} for name in ("celery.worker.strategy", "celery.app.trace")},
}
