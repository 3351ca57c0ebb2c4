"""What an installation takes on disk, package by package, beside the reference's.

python -m benchmarks.install_size                        builds and installs this source tree
python -m benchmarks.install_size --wheel minusone.whl   installs that
python -m benchmarks.install_size --reference-venv VENV --reference-models MODELS   and compares
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from benchmarks.machine import describe_machine
from benchmarks.report import RESULTS, publish
from benchmarks.songs import work_folder

SOURCE = Path(__file__).parents[1]
# Every virtual environment has them; nobody needs them to run the program.
_TOOLS = frozenset({"pip", "setuptools", "wheel"})
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package and the bytes of its files, compiled Python included."""

    name: str
    octets: int


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; `--help` says what it takes."""
    parser = argparse.ArgumentParser(prog="benchmarks.install_size", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--wheel", type=Path, help="default: this source tree")
    parser.add_argument("--venv", type=Path, help="measure this environment; install nothing")
    parser.add_argument("--reference-venv", type=Path, metavar="VENV")
    parser.add_argument("--reference-models", type=Path, metavar="DIR")
    parser.add_argument("--quick", action="store_true", help="the same: there is nothing to skip")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON file")
    chosen = parser.parse_args(arguments)

    machine = describe_machine()
    with work_folder() as folder:
        own = measure(chosen.venv or _install(chosen.wheel or SOURCE, folder / "venv"))
    environments = {"minusone": own}
    notes = []
    if chosen.reference_venv is not None:
        models = chosen.reference_models or chosen.reference_venv.parent / "models"
        octets = sum(path.stat().st_size for path in models.rglob("model.*"))
        # Not in a package: Spleeter downloads it at first use.
        checkpoint = Package("(checkpoint)", octets)
        environments["Spleeter"] = _sorted([*measure(chosen.reference_venv), checkpoint])
    else:
        notes.append("Spleeter was not measured: name its environment with --reference-venv.")
    rows = [row for name, packages in environments.items() for row in _rows(name, packages)]
    record = {name: [asdict(package) for package in found] for name, found in environments.items()}
    publish(
        "install_size",
        machine,
        ["program", "package", "MB"],
        rows,
        {
            "packages": record,
            "totals": {name: _total(found) for name, found in environments.items()},
        },
        notes=[*notes, "MB are 10^6 bytes; pip and setuptools are left out."],
        folder=chosen.results,
    )


def measure(environment: Path) -> list[Package]:
    """Return the packages of a virtual environment, the largest first."""
    site = next((environment / "lib").glob("python*/site-packages"))
    found = [
        Package(distribution.metadata["Name"], _octets(distribution))
        for distribution in distributions(path=[str(site)])
        if distribution.metadata["Name"].lower() not in _TOOLS
    ]
    return _sorted(found)


def _sorted(packages: Sequence[Package]) -> list[Package]:
    return sorted(packages, key=lambda package: package.octets, reverse=True)


def _octets(distribution: Distribution) -> int:
    paths = [Path(str(file.locate())) for file in distribution.files or []]
    return sum(path.stat().st_size for path in paths if path.is_file())


def _install(what: Path, environment: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "-qq", str(what)], check=True)
    return environment


def _total(packages: Sequence[Package]) -> int:
    return sum(package.octets for package in packages)


def _rows(program: str, packages: Sequence[Package]) -> list[list[str]]:
    shown, rest = packages[:_SHOWN], packages[_SHOWN:]
    lines = [Package("in all", _total(packages)), *shown]
    if rest:
        lines.append(Package(f"{len(rest)} more", _total(rest)))
    return [[program, line.name, f"{line.octets / 1e6:.1f}"] for line in lines]


if __name__ == "__main__":
    main()
