"""The table of ARCHITECTURE.md, enforced on the imports as they are written."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import deskguard

PACKAGE = Path(deskguard.__file__).parent
MODULES = {
    ".".join(("deskguard", *path.relative_to(PACKAGE).with_suffix("").parts)): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
BASE = {"errors", "i18n", "resources", "settings", "values"}
MAY_IMPORT = {
    **dict.fromkeys(BASE, BASE),
    **{room: BASE | {room} for room in ("hearing", "language", "models", "privacy")},
    "rules": BASE | {"language", "rules"},
    "spotting": BASE | {"language", "rules", "spotting"},
    "visits": BASE | {"language", "rules", "spotting", "visits"},
    "scoring": BASE | {"language", "privacy", "rules", "scoring", "visits"},
    "desk": BASE | {"desk", "hearing", "language", "models", "privacy", "rules", "spotting", "visits", "wire"},
    "authoring": BASE | {"authoring", "desk", "hearing", "language", "rules", "spotting", "visits"},
    "night": BASE
    | {"desk", "hearing", "language", "models", "night", "privacy", "rules", "scoring", "spotting", "visits"},
    "hub": BASE | {"authoring", "hub", "language", "privacy", "rules", "scoring", "spotting", "visits", "wire"},
    "wire": BASE | {"wire"},
    "cli": BASE | {"authoring", "desk", "hearing", "hub", "models", "night", "rules", "scoring"},
    "__main__": {"cli"},
    "__init__": set(),
}
ONLY_IN = {
    "faster_whisper": ("deskguard.hearing.whisper",),
    "ctranslate2": ("deskguard.hearing.whisper",),
    "av": ("deskguard.hearing.media", "deskguard.hearing.media_out"),
    "sounddevice": ("deskguard.hearing.microphone",),
    "onnxruntime": ("deskguard.hearing.onnx",),
    "huggingface_hub": ("deskguard.models.hub",),
    "jieba": ("deskguard.language.words",),
    "pypinyin": ("deskguard.language.syllables",),
    "opencc": ("deskguard.language.text",),
    "ahocorasick": ("deskguard.spotting.finding.pieces",),
    "filelock": ("deskguard.desk.storefiles", "deskguard.hub.store.one_server", "deskguard.night.run_lock"),
    "dask": ("deskguard.night.cluster_link", "deskguard.night.cluster_serving"),
    "distributed": ("deskguard.night.cluster_link", "deskguard.night.cluster_serving"),
    "cryptography": ("deskguard.night.cluster_key", "deskguard.wire.signing"),
    "tomlkit": ("deskguard.desk.settings_file",),
    "rich": ("deskguard.models.progress", "deskguard.night.progress"),
    "openpyxl": (
        "deskguard.authoring.sheets.workbook",
        "deskguard.hub.feed.sheets",
        "deskguard.night.report.workbook",
        "deskguard.scoring.tables",
    ),
    "jinja2": ("deskguard.hub.pages.rendering", "deskguard.night.report.page"),
    "sqlalchemy": (
        "deskguard.scoring.store",
        "deskguard.scoring.store_driver",
        "deskguard.scoring.store_engine",
        "deskguard.scoring.store_reading",
        "deskguard.scoring.store_tables",
        "deskguard.hub.*",
    ),
    "pg8000": ("deskguard.scoring.store_driver",),
    "fastapi": ("deskguard.hub.*",),
    "jwt": ("deskguard.hub.oidc.id_token",),
    "argon2": ("deskguard.hub.accounts.passwords",),
    "httpx": ("deskguard.desk.reporting.link",),
    "prometheus_client": ("deskguard.hub.feed.metrics",),
    "starlette": ("deskguard.desk.screen.app", "deskguard.desk.screen.gate", "deskguard.desk.screen.server"),
    "uvicorn": ("deskguard.desk.screen.server", "deskguard.hub.serving"),
}
# Beside those: what costs a command line that only prints help.
HEAVY = {*ONLY_IN, "numpy", "pydantic", "psutil", "tokenizers", "sqlite3", "asyncio"}
MOST_LINES = 400
MOST_HELP_CPU_S = 0.3


@dataclass(frozen=True)
class Imported:
    """One name that a module imports, and how."""

    by: str
    name: str
    is_late: bool
    """Inside a function, or for type checking only."""


def imports_of(module: str) -> list[Imported]:
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    late = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or _is_for_types(node)
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        for name in _names(node):
            found.append(Imported(module, name, id(node) in late))
    return found


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [one.name for one in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "relative imports hide what imports what"
        # `from deskguard import resources` imports a module, `from deskguard.errors import X` a name in one.
        return [f"{node.module}.{one.name}" for one in node.names]
    return []


IMPORTS = [one for module in MODULES for one in imports_of(module)]


def room_of(dotted: str) -> str:
    """The room or top module of a dotted name of ours; what the package itself defines is __init__."""
    parts = dotted.split(".")
    known = {name.split(".")[1] for name in MODULES if name.count(".")}
    return parts[1] if len(parts) > 1 and parts[1] in known else "__init__"


def test_every_room_is_in_the_table() -> None:
    assert {room_of(module) for module in MODULES} == set(MAY_IMPORT)


def test_rooms_import_only_what_the_table_allows() -> None:
    wrong = [
        f"{one.by} imports {one.name}"
        for one in IMPORTS
        if one.name.split(".")[0] == "deskguard"
        and room_of(one.name) not in MAY_IMPORT[room_of(one.by)] | {"__init__"}
    ]
    assert wrong == []


def test_no_module_of_ours_imports_in_a_circle() -> None:
    at_import = {
        module: {_module_of(one.name) for one in IMPORTS if one.by == module and not one.is_late} & set(MODULES)
        for module in MODULES
    }
    left = dict(at_import)
    while left:
        free = [module for module, needs in left.items() if not needs & set(left) - {module}]
        assert free, f"a circle among {sorted(left)}"
        for module in free:
            del left[module]


def _module_of(dotted: str) -> str:
    """The module a dotted name lies in: itself, or the one before its last part."""
    return dotted if dotted in MODULES else dotted.rpartition(".")[0]


@pytest.mark.parametrize("library", ONLY_IN)
def test_an_outside_library_has_one_home(library: str) -> None:
    homes = {_home(one.by, ONLY_IN[library]) for one in IMPORTS if one.name.split(".")[0] == library}
    assert homes == set(ONLY_IN[library])


def _home(module: str, known: tuple[str, ...]) -> str:
    """The module itself, or the room that is the home as a whole: the hall is all routes and tables."""
    return next((one for one in known if one.endswith(".*") and module.startswith(one[:-1])), module)


def test_command_line_imports_rooms_inside_functions_only() -> None:
    early = [
        one.name
        for one in IMPORTS
        if one.by in ("deskguard.cli", "deskguard.__main__", "deskguard")
        and not one.is_late
        and one.name.split(".")[0] not in sys.stdlib_module_names
    ]
    assert set(early) <= {"deskguard.__version__", "deskguard.errors.DeskguardError", "deskguard.cli.main"}


def test_no_module_is_too_long_to_see() -> None:
    lengths = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in MODULES.items()}
    assert {module: lines for module, lines in lengths.items() if lines > MOST_LINES} == {}


def test_wall_clock_seconds_are_not_used() -> None:
    """time.time() jumps when somebody sets the clock: audio time and the monotonic clock do not."""
    users = []
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_attribute = (
                isinstance(node, ast.Attribute)
                and node.attr in ("time", "time_ns")
                and isinstance(node.value, ast.Name)
                and node.value.id == "time"
            )
            is_name = isinstance(node, ast.ImportFrom) and node.module == "time"
            if is_attribute or is_name:
                users.append(module)
    assert users == []


def test_nothing_but_the_console_commands_reads_the_environment() -> None:
    """A desk is what its settings say; only pip's own process is given the environment it was started in."""
    readers = {
        module
        for module, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }
    assert readers <= {"deskguard.models.pip"}


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    code = "import sys, json, deskguard.cli; deskguard.cli._parser(); print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert loaded & HEAVY == set()
    assert "deskguard" in loaded


def test_help_loads_nothing_heavy_and_takes_a_blink_of_cpu() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "deskguard", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    assert "listen" in done.stdout
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert loaded & HEAVY == set()
    # CPU time, not time on the wall: other programs must not fail this. The least of three: the first run
    # may still compile.
    assert min(_help_cpu_s() for _ in range(3)) < MOST_HELP_CPU_S


def _help_cpu_s() -> float:
    resource = pytest.importorskip("resource", reason="Windows counts the CPU of children otherwise")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "deskguard", "--help"], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
