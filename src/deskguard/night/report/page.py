"""Figures to report.html: one file that holds all it needs, opens without a network and cannot reach one.

Every text goes through the template's escaping; the figures that the plots are drawn from lie in the page as
data, not as script, and the policy in its head lets no script run but our own two, known by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskguard.night.report import page_parts, telling
from deskguard.night.report.files import write_text
from deskguard.night.report.plots import plots
from deskguard.night.report.score_lines import totals_line

if TYPE_CHECKING:
    from deskguard.night.report.figures import Figures
    from deskguard.scoring.words import Words

_STATIC = Path(__file__).parent / "static"


def write_page(figures: Figures, path: Path) -> None:
    """report.html, whole or as it was; equal figures and clips give equal bytes."""
    import jinja2

    loader = jinja2.FileSystemLoader(_STATIC)
    templates = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = templates.get_template("report.html")
    write_text(path, template.generate(**_context(figures, path.parent)))


def _context(figures: Figures, folder: Path) -> dict[str, Any]:
    words = figures.told.words
    listed = page_parts.shown(figures)
    sounds = page_parts.sounds(figures, folder, listed)
    entries = [page_parts.entry(one, sounds.get(one.finding.finding_id), words) for one in listed]
    style, charts, script = (_static(name) for name in ("report.css", "echarts.custom.min.js", "report.js"))
    drawn = plots(figures)
    windows = {one.finding.recording.window_id: None for one in listed}
    return {
        "w": words,
        "lang": words("report.lang"),
        "policy": _policy(style, (charts, script), any(one.is_beside for one in sounds.values())),
        "style": style,
        "charts": charts,
        "script": script,
        "data": _as_data(_data(figures, drawn, words)),
        "span": telling.span_text(figures, words),
        "card": figures.told.card,
        "tiles": page_parts.tiles(figures),
        "plots": drawn,
        "groups": [(by, page_parts.people(figures, by)) for by in ("window", "clerk")],
        "most_cards": page_parts.MOST_CARDS,
        "items": page_parts.item_rows(figures),
        "entries": entries,
        "all": len(figures.found),
        "windows": [(name, telling.subject_name("window", name, words)) for name in windows],
        "rules": sorted({(one["rule"], one["title"]) for one in entries}),
        "states": sorted({(one["state"], one["state_text"]) for one in entries}),
        "absent": page_parts.absent(figures),
        "explained": list(telling.explained(figures, words)),
    }


def _data(figures: Figures, drawn: list[dict[str, Any]], words: Words) -> dict[str, Any]:
    return {
        "totals": totals_line(figures),
        "plots": drawn,
        "words": {
            "interval": words("report.plot.interval"),
            "tip": words(
                "report.plot.tip_rate",
                name="{name}",
                value="{value}",
                low="{low}",
                high="{high}",
                count="{count}",
            ),
            "shown": words("report.page.filter_shown", shown="{shown}", n="{n}"),
            "small": words("report.small"),
        },
    }


def _as_data(data: Any) -> str:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for one in "<>&\u2028\u2029":
        text = text.replace(one, f"\\u{ord(one):04x}")
    return text


def _static(name: str) -> str:
    """A file of ours, fit to stand inside a page."""
    text = (_STATIC / name).read_text(encoding="utf-8")
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _policy(style: str, scripts: tuple[str, ...], has_files: bool) -> str:
    """What the page may load: nothing but itself, and clips that lie beside it."""
    known = " ".join(_hash(one) for one in scripts)
    media = "data: 'self' file:" if has_files else "data:"
    return (
        f"default-src 'none'; script-src {known}; style-src {_hash(style)}; img-src data:; media-src {media}; "
        "connect-src 'none'; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
