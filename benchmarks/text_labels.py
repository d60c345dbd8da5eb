"""How many texts a second a trained model reads: out of the warehouse, through the model, and its labels back.

    python benchmarks/text_labels.py [texts] [labelled.csv ...]

Without labelled files the model is learned from invented comments; its size, and so its speed, is the same but for
how many themes it knows.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.installation import installation, with_history  # noqa: E402
from tests.text_comments import trained  # noqa: E402

from samepicture.text_labels.examples import read_examples  # noqa: E402
from samepicture.text_labels.labelling import label  # noqa: E402
from samepicture.text_labels.training import train  # noqa: E402
from samepicture.warehouse import open_warehouse  # noqa: E402


def main(texts: int, files: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = installation(Path(folder))
        with_history(settings, texts)
        if files:
            train(read_examples(map(Path, files))).save(settings.text_model, "A card.")
        else:
            trained(settings)
        before = time.process_time()
        done = label(settings)
        work = time.process_time() - before
        with open_warehouse(settings).reader() as connection:
            read = "select avg(length(narrative)) from published.narrative where part_name = 'narrative'"
            length: float = connection.exec_driver_sql(read).scalar_one()
    print(
        f"{done.texts:,} texts of {length:.0f} characters in {done.seconds:.1f} s, {done.texts / done.seconds:,.0f} a second; "
        f"{work:.1f} s of processor time, {done.texts / work:,.0f} texts a second of it"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000, sys.argv[2:])
