"""Every kind of problem that REST can answer with: the one table from which answers and their explanations are read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ProblemType:
    """A kind of problem: stable code, HTTP status, title; what it means and the way out."""

    code: str
    status: int
    title: str
    meaning: str
    way_out: str


_TYPES = (
    ProblemType(
        "malformed-request",
        400,
        "The request cannot be read",
        "The body is not what its Content-Type says: not JSON, cut off, or in another encoding; or a header breaks its rule.",
        "Read `detail` for the place, and send well-formed JSON in UTF-8.",
    ),
    ProblemType(
        "not-authenticated",
        401,
        "Nobody is signed in",
        "The request carries no API token and no session, or a token that is wrong, revoked or expired.",
        "Send `Authorization: Bearer <token>`. Make a token on your account page, or with `manage.py api_token`.",
    ),
    ProblemType(
        "scope-missing",
        403,
        "The token may not do this",
        "The token is valid, but lacks the scope that the operation needs; `detail` names it.",
        "Make a token that has the scope, or do it signed in.",
    ),
    ProblemType(
        "forbidden",
        403,
        "You may not do this",
        "You are signed in, but this belongs to somebody else.",
        "Ask its owner or an administrator.",
    ),
    ProblemType(
        "csrf-failed",
        403,
        "The request may come from another site",
        "A request that changes something and relies on the session cookie must prove that it comes from one of our pages.",
        "Send the X-CSRFToken header with the value of the csrftoken cookie, or use an API token instead of the session.",
    ),
    ProblemType(
        "not-found",
        404,
        "There is no such thing",
        "Nothing has this address (any more).",
        "Check the address; `/api/v1/docs` lists them all, and none ends in a slash.",
    ),
    ProblemType(
        "model-not-found",
        404,
        "There is no such model",
        "No registered model has this name, or it has just been registered and is not indexed yet.",
        "Look at `GET /api/v1/models`; names are case-sensitive. A model registered elsewhere appears within seconds.",
    ),
    ProblemType(
        "version-not-found",
        404,
        "There is no such version",
        "The model exists, but not this version of it.",
        "Look at `GET /api/v1/models/{name}/versions`.",
    ),
    ProblemType(
        "alias-not-found",
        404,
        "There is no such alias",
        "The model exists, but no version carries this alias.",
        "Look at `aliases` in `GET /api/v1/models/{name}`.",
    ),
    ProblemType(
        "prediction-not-found",
        404,
        "There is no such prediction",
        "No prediction has this id, or it is older than the history that is kept.",
        "Ask the model again.",
    ),
    ProblemType(
        "method-not-allowed",
        405,
        "The method is not allowed here",
        "This address exists, but not for this HTTP method.",
        "Use one of the methods in the `Allow` header.",
    ),
    ProblemType(
        "conflict",
        409,
        "The state does not allow this",
        "The thing exists, but what was asked cannot be done in the state it is in.",
        "Read the state first, and act on it.",
    ),
    ProblemType(
        "model-not-loadable",
        409,
        "The model cannot be loaded",
        "It cannot be tried here: its task is unknown, files are missing or corrupt, or it needs more memory than there is.",
        "Read `detail`; the version's page shows its files and what is wrong with them.",
    ),
    ProblemType(
        "untrusted-code",
        409,
        "The model wants to run code that nobody approved",
        "The model holds pickled weights or Python code, which can do anything to the machine that loads it.",
        "Convert its weights to safetensors, or have its content approved.",
    ),
    ProblemType(
        "unsupported-task",
        409,
        "The task cannot be run here",
        "No description of the model's task, or no pipeline for it, is installed.",
        "`GET /api/v1/tasks` lists the tasks that can be run.",
    ),
    ProblemType(
        "missing-dependency",
        409,
        "The worker lacks a package",
        "The model needs a Python package that is not installed on the worker.",
        "Install the package that `detail` names on the worker.",
    ),
    ProblemType(
        "cancelled",
        409,
        "The prediction was cancelled",
        "Somebody cancelled the request before its answer was complete.",
        "Ask again.",
    ),
    ProblemType(
        "body-too-large",
        413,
        "The body is too large",
        "The request's body, or the file in it, is larger than this server takes.",
        "Send less at once; the administrator can raise REGISTRY_MAX_BODY_BYTES and REGISTRY_MAX_UPLOAD_BYTES.",
    ),
    ProblemType(
        "media-type-not-supported",
        415,
        "This type of body is not taken here",
        "The Content-Type of the request is not one that this address reads.",
        "Send application/json, or another type that the documentation of the address names.",
    ),
    ProblemType(
        "validation",
        422,
        "A value breaks a rule",
        "The request can be read, but a value in it is missing, unknown or out of range; `errors` points at each.",
        "Mend what `errors` points at. `GET /api/v1/tasks/{task}` describes inputs and parameters as JSON Schema.",
    ),
    ProblemType(
        "path-not-allowed",
        422,
        "The folder lies where workers may not read",
        "Log jobs read checkpoints only below the folders that the administrator named.",
        "Copy the checkpoint to one of the folders that `detail` names, or have CHECKPOINT_ROOTS extended.",
    ),
    ProblemType(
        "idempotency-key-reused",
        422,
        "The idempotency key stands for another request",
        "The same Idempotency-Key came before with another body; repeating a request with it must not start other work.",
        "Send a new key for a new request.",
    ),
    ProblemType(
        "queue-full",
        429,
        "Too many requests wait for this model",
        "More requests wait for this model than may; yours was not queued.",
        "Try again after the seconds in `Retry-After`.",
    ),
    ProblemType(
        "internal-error",
        500,
        "Something went wrong here",
        "This is our fault; the server's log has the details under the `request_id`.",
        "Try again, and report the `request_id` when it happens again.",
    ),
    ProblemType(
        "runner-crashed",
        502,
        "The model's process died",
        "The process that held the model ended while it computed, most often for lack of memory.",
        "Ask again: the model is loaded anew. Send less at once when it happens again.",
    ),
    ProblemType(
        "out-of-memory",
        502,
        "The model ran out of memory",
        "The model needed more memory for this request than the worker has.",
        "Send fewer or shorter inputs at once.",
    ),
    ProblemType(
        "prediction-failed",
        502,
        "The model could not answer",
        "The model's process answered with an error of its own.",
        "Read `detail`.",
    ),
    ProblemType(
        "mlflow-refused",
        502,
        "MLflow refused",
        "MLflow answered that what was asked of it cannot be done.",
        "Read `detail`, which has MLflow's own words.",
    ),
    ProblemType(
        "no-worker",
        503,
        "No worker can be asked",
        "No worker is running, or the way to the workers (Redis) is interrupted.",
        "Start a worker, and try again after the seconds in `Retry-After`.",
    ),
    ProblemType(
        "unavailable",
        503,
        "Something that is needed is away",
        "A part of the system, such as MLflow, Redis, the database or the Hugging Face Hub, does not answer.",
        "Try again in a moment; `/readyz` says which part it is.",
    ),
    ProblemType(
        "timeout",
        504,
        "The answer did not come in time",
        "The model did not answer before the deadline; a cold model is still being loaded.",
        "Warm the model first (`POST …/load`), allow more time (`options.timeout_s`), or send `Prefer: respond-async`.",
    ),
)

PROBLEM_TYPES: dict[str, ProblemType] = {each.code: each for each in _TYPES}

# What jobs and models call by a name of their own.
SYNONYMS = {
    "invalid-input": "validation",
    "hub-unavailable": "unavailable",
    "worker-lost": "runner-crashed",
    "child-died": "runner-crashed",
}


def find_problem_type(code: str) -> ProblemType | None:
    """Return the type behind a code of ours, or of a job or model; None when nobody knows it."""
    return PROBLEM_TYPES.get(SYNONYMS.get(code, code))
