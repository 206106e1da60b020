"""MLflow's `llm/v1` tasks: how a model is spoken to through MLflow's door, and the task that it does. Standard library only."""

PROTOCOL_TASKS = {
    "llm/v1/chat": "text-generation",
    "llm/v1/completions": "text-generation",
    "llm/v1/embeddings": "feature-extraction",
}


def task_behind(name: str) -> str:
    """Return the name of the task that models of a protocol do; the name of a task is returned as it is."""
    return PROTOCOL_TASKS.get(name, name)
