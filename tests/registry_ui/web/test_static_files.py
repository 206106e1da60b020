"""Whatever a page names is there, is what it was when it was vendored, and needs nothing from elsewhere."""

import hashlib
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.management import call_command

WEB = Path("registry_ui/web")
TEMPLATES = [path for folder in ("templates", "registry_ui") for path in Path(folder).rglob("*.html")]
SCRIPTS = [path for path in Path("registry_ui").glob("*/static/**/*.js") if "vendor" not in path.parts]
SHEETS = [path for path in Path("registry_ui").glob("*/static/**/*.css") if "vendor" not in path.parts]
# Icons are named by {% icon "x" %}, by icon="x" of an include, and by strings of Python.
SOURCES = "\n".join(path.read_text() for path in (*TEMPLATES, *Path("registry_ui").rglob("*.py")))
ICONS = sorted(path.stem for path in (WEB / "icons").glob("*.svg"))


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_every_static_file_and_icon_of_a_template_exists(template):
    text = template.read_text()
    for name in re.findall(r"{% static ['\"]([^'\"]+)['\"]", text):
        assert finders.find(name), f"{template} names {name}"
    for name in re.findall(r"{% icon ['\"]([^'\"]+)['\"]", text) + re.findall(r" icon=['\"]([^'\"]+)['\"]", text):
        assert name in ICONS, f"{template} names the icon {name}; add registry_ui/web/icons/{name}.svg"


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_no_template_holds_what_the_policy_forbids(template):
    text = template.read_text()
    forbidden = (
        r"<style|\sstyle=|<script(?![^>]*\ssrc=)[^>]*>|\son[a-z]+=|\shx-on|javascript:|https?://[^\"' ]+\.(?:js|css|woff2?)"
    )
    found = re.search(forbidden, text)
    assert found is None, f"{template} holds {found[0]!r}"


@pytest.mark.parametrize("icon", ICONS)
def test_every_icon_is_used(icon):
    assert re.search(rf"""["']{icon}["']""", SOURCES), f"nothing shows registry_ui/web/icons/{icon}.svg; delete it"


def test_vendored_files_are_what_they_were():
    listed = dict(reversed(line.split("  ", 1)) for line in (WEB / "VENDORED.sha256").read_text().splitlines())
    found = {
        str(path.relative_to(WEB)): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in ("icons", "static/vendor")
        for path in (WEB / folder).rglob("*")
        if path.is_file()
    }
    assert found == listed, "run the command at the end of registry_ui/web/VENDORED.md"


def test_every_vendored_folder_has_its_licence():
    for folder in (WEB / "icons", *(WEB / "static" / "vendor").iterdir()):
        assert (folder / "LICENSE").read_text().strip(), folder


@pytest.mark.parametrize("path", [*SCRIPTS, *SHEETS], ids=str)
def test_nothing_of_ours_asks_another_host(path):
    assert not re.search(
        r"(?:https?:)?//(?!www\.w3\.org)[\w-]+\.[\w.-]+/", re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.MULTILINE)
    )


def test_all_files_can_be_collected_under_hashed_names(tmp_path, settings):
    """A reference to a missing file would stop `collectstatic`, and with it the first start."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    app = ManifestStaticFilesStorage(location=tmp_path, base_url="/static/").stored_name("css/app.css")
    assert re.search(r"tabler\.min\.[0-9a-f]{12}\.css", (tmp_path / app).read_text())
