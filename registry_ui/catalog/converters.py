"""Parts of URLs: names of models, tabs of a version's page."""

from .tabs import Tab


class ModelNameConverter:
    """Any name that MLflow takes: all but `/` and `:`."""

    regex = r"[^/:]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class TabConverter:
    regex = "|".join(Tab)

    def to_python(self, value: str) -> Tab:
        return Tab(value)

    def to_url(self, value: str) -> str:
        return str(value)
