"""What holds for the project as a whole: sizes, names, settings that are explained, pages that point somewhere."""

from __future__ import annotations

import ast
import re
import subprocess
from fnmatch import fnmatch
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

from tests.deploy.files import setting_names
from tests.sources import tree_of

ROOT = Path(__file__).resolve().parent.parent
CODE = {".py", ".html", ".css", ".js", ".sh", ".md", ".toml", ".yaml"}
MAX_LINES = 400
TOP_LEVEL = {
    *(".ci", ".dockerignore", ".env.example", ".github", ".gitignore", ".pre-commit-config.yaml", "CHANGELOG.md"),
    *("CONTRIBUTING.md", "Dockerfile", "LICENSE", "Makefile", "README.md", "SECURITY.md", "benchmarks", "callcenter"),
    "gunicorn.conf.py",
    *(
        "campaigns",
        "compose.yaml",
        "deploy",
        "docs",
        "locale",
        "manage.py",
        "providers",
        "pyproject.toml",
        "static",
        "templates",
    ),
    *("tests", "uv.lock"),
}
# Split, so that this file does not hold what it looks for.
MACHINE_PATHS = ["/" + "work/", "/" + "root/", "/tmp/" + "brief", "/home" + "/"]
ROOMS_OF_CAMPAIGNS = (
    "core",
    "contacts",
    "answers",
    "calls",
    "callbacks",
    "notices",
    "dispositions",
    "review",
    "launch",
    "dialing",
    "tracking",
    "exports",
    "reports",
    "privacy",
)
OF_NO_ONE_MODULE = {
    "contacts/importing/test_round_trips.py": "files that leave and come back, through all modules of importing",
    "dialing/test_lines_of_campaigns.py": "lines and turns of campaigns, through the whole commit point",
    "core/test_status_writes.py": "the finder of status writes, which stands beside it",
    "tracking/test_every_reader.py": "all that reads a provider, at once",
}
"""Test modules of a room that are named after none of its modules, and what they test instead."""


def tracked() -> list[Path]:
    """Return every file that belongs to the project: known to git, or new and not ignored; without git by name."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode:
        lines = [line.strip() for line in (ROOT / ".gitignore").read_text().splitlines()]
        ignored = [line.strip("/") for line in lines if line and not line.startswith("#")]
        return [
            path
            for path in sorted(ROOT.rglob("*"))
            if path.is_file()
            and not any(fnmatch(part, name) for part in path.relative_to(ROOT).parts for name in (*ignored, ".git"))
        ]
    return [ROOT / name for name in listed.stdout.decode().splitlines() if (ROOT / name).is_file()]


def is_foreign(path: Path) -> bool:
    """Tell whether somebody else wrote the file: vendored assets, or what tools generate."""
    is_vendored = "vendor" in path.relative_to(ROOT).parts[:-1] and "static" in path.parts
    return is_vendored or path.name in {"uv.lock", "callcenter_client.py"}


def test_no_file_is_longer_than_people_read() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked()
        if path.suffix in CODE and not is_foreign(path)
        if (lines := path.read_text().count("\n")) > MAX_LINES
    }
    assert not long


def test_top_level_is_what_the_design_names() -> None:
    found = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert found <= TOP_LEVEL, f"not named in the design: {sorted(found - TOP_LEVEL)}"


def test_no_file_names_a_path_of_some_machine() -> None:
    found = []
    for path in tracked():
        if is_foreign(path) or path.suffix in {".png", ".woff2", ".mo", ".xlsx", ".ico"}:
            continue
        text = path.read_text(errors="replace")
        found += [f"{path.relative_to(ROOT)}: {place}" for place in MACHINE_PATHS if place in text]
    assert not found


def test_settings_are_found_at_all() -> None:
    assert {"SECRET_KEY", "DATABASE_URL", "TIME_SCALE"} <= set(setting_names())


def of_the_deployment() -> set[str]:
    """Return the names of what compose.yaml and the scripts beside it read of .env."""
    scripts = (ROOT / "compose.yaml", ROOT / "deploy/backup")
    return {name for path in scripts for name in re.findall(r"\$\{([A-Z_]+)", path.read_text())}


def test_the_example_has_every_setting_once_and_nothing_that_is_gone() -> None:
    """It is their one home: the page of settings is made from it."""
    named = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert sorted(named) == sorted({*setting_names(), *of_the_deployment()})


def test_the_page_of_settings_is_made_from_the_example() -> None:
    loader = SourceFileLoader("settings_page", str(ROOT / ".ci" / "settings-page"))
    spec = spec_from_loader("settings_page", loader)
    assert spec
    module = module_from_spec(spec)
    loader.exec_module(module)
    page = module.page((ROOT / ".env.example").read_text())
    assert (ROOT / "docs/settings.md").read_text() == page, "run .ci/settings-page and commit it"
    # Every row says what its setting does.
    assert len(re.findall(r"^\| `[A-Z_]+` \| [^|]+ \| [^|]{10,} \|$", page, re.MULTILINE)) == len(
        {*setting_names(), *of_the_deployment()}
    )


def test_the_short_table_of_settings_names_nothing_that_is_gone() -> None:
    text = (ROOT / "README.md").read_text()
    section = text[text.index("## Settings") : text.index("## Commands")]
    assert "docs/settings.md" in section
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+|HTTPS|WORKERS)`", section))
    assert {"SECRET_KEY", "FIELD_KEYS", "ALLOWED_HOSTS", "DATABASE_URL"} <= named
    assert named <= {*setting_names(), *of_the_deployment()}


def test_every_make_target_named_in_the_pages_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    pages = [ROOT / "README.md", ROOT / "SECURITY.md", ROOT / ".ci/run", *(ROOT / "docs").glob("*.md")]
    for page in pages:
        named = set(re.findall(r"(?:^|`)(?:\.ci/services )?make ([a-z0-9]+)", page.read_text(), re.MULTILINE))
        assert named <= targets, page


def test_every_command_named_in_the_pages_exists() -> None:
    from django.core.management import get_commands

    commands = set(get_commands())
    # Take a name out where this fails: the command is there.
    named_files = ("README.md", "SECURITY.md", ".env.example", "CHANGELOG.md", "compose.yaml", "deploy/backup")
    units = (ROOT / "deploy/systemd").glob("*.service")
    for page in (*(ROOT / name for name in named_files), *(ROOT / "docs").glob("*.md"), *units):
        named = set(re.findall(r"manage\.py ([a-z_]+)", page.read_text()))
        assert named <= commands, page


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for path in tracked():
        if path.suffix != ".md":
            continue
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
            if not (path.parent / target).exists():
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert not broken


def test_backends_import_neither_settings_nor_rows() -> None:
    """What import-linter cannot say of a part of another package."""
    found = [
        f"{path.name}: {line}"
        for path in (ROOT / "providers/backends").glob("*.py")
        for line in path.read_text().splitlines()
        if re.match(r"\s*(from|import) django\.(conf|db)\b", line)
    ]
    assert not found


def test_python_is_required_as_the_set_up_script_requires_it() -> None:
    script, project = (ROOT / ".ci/venv").read_text(), (ROOT / "pyproject.toml").read_text()
    assert "(3, 11) <= sys.version_info[:2] < (3, 14)" in script
    assert 'requires-python = ">=3.11,<3.14"' in project


def test_hooks_run_the_locked_versions() -> None:
    locked = re.findall(r'^name = "([^"]+)"\nversion = "([^"]+)"', (ROOT / "uv.lock").read_text(), re.MULTILINE)
    hooks = re.findall(r'"([a-z-]+)==([^"]+)"', (ROOT / ".pre-commit-config.yaml").read_text())
    assert hooks
    assert set(hooks) <= set(locked)


def test_environment_files_stay_out_of_git() -> None:
    names = [".env", ".env.local", ".env.production", ".env.example"]
    asked = ["git", "-c", "core.excludesFile=", "check-ignore", "--no-index", *names]
    kept = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    if kept.returncode == 128:
        pytest.skip("not a git tree")
    assert kept.stdout.split() == names[:-1]


def test_scripts_are_executable() -> None:
    scripts = [path for path in (ROOT / ".ci").iterdir() if path.is_file() and path.suffix != ".txt"]
    assert [path.name for path in scripts if not path.stat().st_mode & 0o100] == []


def test_the_map_of_campaigns_names_every_module() -> None:
    """Whoever looks for a line finds its module in campaigns/README.md, and nothing there that is gone."""
    text = (ROOT / "campaigns/README.md").read_text()
    rooms_of_importing = (ROOT / "campaigns/contacts/importing").glob("*/__init__.py")
    folders = (*ROOMS_OF_CAMPAIGNS, "contacts/importing", *(path.parent for path in rooms_of_importing))
    missing = [
        str(path.relative_to(ROOT))
        for folder in folders
        for path in (ROOT / "campaigns" / folder).glob("*.py")
        if path.stem not in {"__init__", "urls", "views", "forms"} and path.name not in text
    ]
    assert not missing
    known = {path.name for path in (ROOT / "campaigns").rglob("*.py")}
    assert sorted({name.rpartition("/")[2] for name in re.findall(r"`([\w/]+\.py)`", text)} - known) == []


def is_named_after(test: Path, modules: set[str]) -> bool:
    """Tell whether a test module is named after one of these, alone or with more words behind."""
    name = test.stem.removeprefix("test_")
    return any(name == module or name.startswith(f"{module}_") for module in modules)


@pytest.mark.parametrize("room", ROOMS_OF_CAMPAIGNS)
def test_tests_of_a_room_are_found_by_the_name_of_a_module(room: str) -> None:
    """A module is a file or a folder of the room, or a management command that uses the room."""
    folder, tests = ROOT / "campaigns" / room, ROOT / "tests/campaigns" / room
    modules = {path.stem for path in folder.rglob("*") if path.suffix == ".py" or path.is_dir()}
    commands = (ROOT / "campaigns/management/commands").glob("*.py")
    modules |= {path.stem for path in commands if re.search(rf"\bcampaigns\.{room}\b", path.read_text())}
    assert {"__init__"} < modules
    found = list(tests.rglob("test_*.py"))
    assert found
    unnamed = {f"{room}/{path.relative_to(tests)}" for path in found if not is_named_after(path, modules)}
    assert unnamed == {name for name in OF_NO_ONE_MODULE if name.startswith(f"{room}/")}


def test_every_room_of_the_tests_is_looked_at() -> None:
    """A folder of tests without a room behind it would be looked at by nobody."""
    tests = ROOT / "tests/campaigns"
    folders = {path.relative_to(tests).parts[0] for path in tests.rglob("test_*.py") if path.parent != tests}
    assert folders == set(ROOMS_OF_CAMPAIGNS)


def imported_by(source: str) -> set[str]:
    """Return the full names of what a module imports; a name taken from a module counts as one below it."""
    found = set()
    for node in ast.walk(tree_of(source)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = "." * node.level + (node.module or "")
            found |= {above, *(f"{above}.{name.name}" for name in node.names)}
    return found


def is_of_a_test_module(name: str) -> bool:
    """Tell whether a full name is that of a test module or of something in one; the product has none of its own."""
    parts = name.split(".")
    return parts[0] in {"tests", ""} and any(part.startswith("test_") for part in parts[1:])


@pytest.mark.parametrize(
    ("line", "is_found"),
    [
        ("from tests.campaigns.launch.test_start import fresh", True),
        ("from tests.campaigns.launch import test_start", True),
        ("import tests.campaigns.launch.test_start as start", True),
        ("from .test_start import fresh", True),
        ("def test_one():\n    from tests.faults.test_placing import order", True),
        ("from tests.campaigns.launch.builder_form import typed", False),
        ("from campaigns.launch import test_call", False),
    ],
)
def test_imports_of_test_modules_are_found(line: str, is_found: bool) -> None:
    assert any(map(is_of_a_test_module, imported_by(line))) is is_found


def test_nothing_is_imported_from_a_test_module() -> None:
    """What two test modules share stands in the nearest conftest.py or in a module beside them."""
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in tracked()
        if path.suffix == ".py"
        for name in imported_by(path.read_text())
        if is_of_a_test_module(name)
    }
    assert not found
