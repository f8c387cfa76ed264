"""Everything that a run hands over, written into one folder; each file whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.night.report import lines
from deskguard.night.report.figures import figures_of
from deskguard.night.report.page import write_page
from deskguard.night.report.sheets import write_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from deskguard.night.report.figures import Figures
    from deskguard.night.told import Told

WRITERS: Mapping[str, Callable[[Figures, Path], None]] = {
    "findings.jsonl": lines.write_findings,
    "findings.csv": lines.write_findings_table,
    "transcripts.jsonl": lines.write_transcripts,
    "not_analysed.csv": lines.write_not_analysed,
    "scores.json": lines.write_scores,
    "report.xlsx": write_workbook,
    "report.html": write_page,
    "summary.json": lines.write_summary,
}
"""By the name of the file; the summary last, so that whoever waits for it finds the others."""


def write_reports(told: Told, folder: Path) -> None:
    """Write every report of what is told into `folder`, where the clips lie already.

    Equal input gives equal bytes. Raises DeskguardError for a card whose blanks are not filled in, and for a
    folder that cannot be written.
    """
    figures = figures_of(told)
    for name, write in WRITERS.items():
        write(figures, folder / name)
