"""The OpenAPI 3.1 document, made from the views when it is first asked for."""

from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from flavor.tasks import Task, all_tasks

from .authentication import required_scope
from .openai.schemas import ERROR
from .problems import MEDIA_TYPE
from .task_schema import inputs_schema, outputs_schema, parameters_schema

Schema = dict[str, Any]

_PATH_PARAMETERS = {
    "name": "Name of the registered model.",
    "version": "Number of the version, or `latest`.",
    "alias": "An alias of the model, such as `production`.",
    "job_id": "Id of the job.",
    "prediction_id": "Id of the prediction.",
    "asset_id": "Id of the asset.",
    "task": "Name of the task, such as `text-classification`.",
    "code": "Code of the problem, such as `validation`.",
}


@cache
def openapi() -> Schema:
    """Return the document; making it costs about a second, once in a process."""
    return SchemaGenerator().get_schema(request=None, public=True)


class Operation(AutoSchema):
    """What the framework can tell about a view's method, and the scope that it needs."""

    def get_extensions(self) -> Schema:
        scope = scope_of(self)
        return {**super().get_extensions(), **({"x-required-scope": scope} if scope else {})}


class BearerTokenScheme(OpenApiAuthenticationExtension):
    target_class = "registry_ui.api.authentication.BearerTokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> Schema:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "`Authorization: Bearer mlr_…`. Make a token on your account page, or with `manage.py api_token`.",
        }

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[Any]]:
        """Since 3.1 a requirement may name scopes of any scheme."""
        scope = scope_of(auto_schema)
        return {self.name: [scope] if scope else []}


class SignedInScheme(OpenApiAuthenticationExtension):
    target_class = "registry_ui.api.authentication.SignedInAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> Schema:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "Signed in on a page; requests that change something also need X-CSRFToken.",
        }


def scope_of(auto_schema: AutoSchema) -> str | None:
    """Return the scope that the operation needs, None when every signed-in person may, or everybody."""
    if not hasattr(auto_schema.view, "required_scopes"):
        return None
    scope = required_scope(auto_schema.view, auto_schema.method)
    return str(scope) if scope else None


def add_problems(result: Schema, **said: Any) -> Schema:
    """Say of every operation that it may answer with a problem document."""
    result["components"]["schemas"]["Problem"] = _problem()
    answer = {
        "description": "A problem; `type` leads to its explanation.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for operation in _operations(result):
        operation["responses"]["default"] = answer
    return _add_openai_errors(result)


def _add_openai_errors(result: Schema) -> Schema:
    """The addresses for OpenAI's clients answer with errors that these can read."""
    result["components"]["schemas"]["OpenAiError"] = ERROR
    schema = {"schema": {"$ref": "#/components/schemas/OpenAiError"}}
    answer = {"description": "An error in OpenAI's form.", "content": {"application/json": schema}}
    for operation in _operations(result):
        if "OpenAI" in operation["tags"]:
            operation["responses"]["default"] = answer
    return result


def describe_paths(result: Schema, **said: Any) -> Schema:
    """Say what the parts of the paths are."""
    for operation in _operations(result):
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                parameter.setdefault("description", _PATH_PARAMETERS[parameter["name"]])
    return result


def add_tasks(result: Schema, **said: Any) -> Schema:
    """Add the schemas of every task, for those who generate clients."""
    for task in all_tasks():
        for part, make in (("Inputs", inputs_schema), ("Parameters", parameters_schema), ("Outputs", outputs_schema)):
            name = _component_name(task, part)
            # A schema with an id of its own: its references begin at itself.
            result["components"]["schemas"][name] = {"$id": f"urn:model-registry:task:{task.name}:{part.lower()}", **make(task)}
    return result


def _operations(result: Schema) -> list[Schema]:
    return [operation for path in result["paths"].values() for operation in path.values()]


def _component_name(task: Task, part: str) -> str:
    return "".join(word.capitalize() for word in task.name.split("-")) + part


def _problem() -> Schema:
    error = {
        "type": "object",
        "properties": {
            "detail": {"type": "string"},
            "code": {"type": "string"},
            "pointer": {"type": "string", "description": "JSON pointer into the body."},
            "parameter": {"type": "string", "description": "Name of the query parameter."},
            "header": {"type": "string", "description": "Name of the header."},
        },
        "required": ["detail", "code"],
    }
    return {
        "type": "object",
        "description": "A problem document (RFC 9457).",
        "properties": {
            "type": {"type": "string", "description": "Where this kind of problem is explained."},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"type": "string", "description": "Stable name of the kind of problem."},
            "detail": {"type": "string", "description": "What is wrong with this request, in a sentence."},
            "hint": {"type": "string", "description": "The way out."},
            "errors": {"type": "array", "items": error, "description": "Every value at fault."},
            "instance": {"type": "string", "description": "The address that was asked."},
            "request_id": {"type": ["string", "null"], "description": "Names the request in the server's log."},
        },
        "required": ["type", "title", "status", "code", "detail", "hint"],
    }
