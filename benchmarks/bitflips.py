"""Single flipped bits in the tables of a finished study: is each one noticed and named?

python -m benchmarks.bitflips [--flips 1500] [--seed 0]

Runs a small study, then flips one random bit of a random ledger part or table at a time, and reads
the folder as the next run would. Writes `benchmarks/results/bitflips.md`.
"""

import argparse
import logging
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from jobs.study import run_study
from projektor_ray.errors import ProjektorError
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger
from projektor_ray.storage.schemas import Key, Row
from tests.helpers.job_studies import config, resolved
from tests.helpers.table_rows import flipped

HEAD = """# Flipped bits

Written by `python -m benchmarks.bitflips`: one random bit of a random ledger part or table of a
finished study is flipped, and the folder is read. `named`: the damaged file is named, and a ledger
part is in `quarantine/`, so that its rows are computed again. `silent`: a value changed without a
word. `unnamed`: an error that does not name the file. `unchanged`: everything was read as written.

| files | flips | named | silent | unnamed | unchanged |
|---|---|---|---|---|---|
"""


class Names(logging.Handler):
    """Collects what the log names."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += record.getMessage()


def ledger_flip(folder: Folder, file: str, expected: Mapping[Key, Row], input_hash: str) -> str:
    """What becomes of a ledger whose part `file` is damaged."""
    names, ledger = Names(), Ledger(folder, file.split("/")[0])
    logger = logging.getLogger("projektor_ray.storage.ledger")
    logger.addHandler(names)
    try:
        ledger.repair()
        found = dict(ledger.rows(input_hash))
    except Exception as error:
        return "named" if file in str(error) else "unnamed"
    finally:
        logger.removeHandler(names)
    if any(expected.get(key) != row for key, row in found.items()):
        return "silent"
    if found == dict(expected):
        return "unchanged"
    aside = file in names.text and folder.names(f"quarantine/{ledger.name}")
    return "named" if aside else "silent"


def table_flip(folder: Folder, file: str, expected: list[Row]) -> str:
    """What becomes of a table that is damaged."""
    try:
        found = folder.read_table(file.removesuffix(".parquet")).to_pylist()
    except ProjektorError as error:
        return "named" if file in str(error) else "unnamed"
    except Exception:
        return "unnamed"
    return "unchanged" if found == expected else "silent"


def flips(out: Path, count: int, seed: int) -> dict[str, Counter[str]]:
    """What became of each flip, of ledger parts and of tables."""
    folder, random = Folder(out), np.random.default_rng(seed)
    study = resolved(config())
    hashes = {
        "probes": study.probes_metadata.input_hash,
        "distances": study.distances_metadata.input_hash,
    }
    rows = {name: dict(Ledger(folder, name).rows(made)) for name, made in hashes.items()}
    files = [str(path.relative_to(out)) for path in sorted(out.rglob("*.parquet"))]
    tables = {
        file: folder.read_table(file.removesuffix(".parquet")).to_pylist()
        for file in files
        if "/" not in file
    }
    found: dict[str, Counter[str]] = {"ledger parts": Counter(), "tables": Counter()}
    for _ in range(count):
        file = files[random.integers(len(files))]
        whole = (out / file).read_bytes()
        (out / file).write_bytes(flipped(whole, int(random.integers(8 * len(whole)))))
        if file in tables:
            found["tables"][table_flip(folder, file, tables[file])] += 1
        else:
            name = file.split("/")[0]
            found["ledger parts"][ledger_flip(folder, file, rows[name], hashes[name])] += 1
        (out / file).write_bytes(whole)
        (out / "quarantine" / file).unlink(missing_ok=True)
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--flips", type=int, default=1500)
    options.add_argument("--seed", type=int, default=0)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        run_study(config(), place)
        text = HEAD
        for kind, counts in flips(Path(place), arguments.flips, arguments.seed).items():
            cells = [counts[one] for one in ("named", "silent", "unnamed", "unchanged")]
            text += f"| {kind} | {' | '.join(map(str, [sum(cells), *cells]))} |\n"
    print(text)
    (Path(__file__).parent / "results" / "bitflips.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
