"""Comments of invented people with their labels, in the two layouts that are known: enough of them to learn from in a second."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

from samepicture.settings import Settings
from samepicture.text_labels.examples import Examples, read_examples
from samepicture.text_labels.model import TextModel
from samepicture.text_labels.training import train

SAID = {
    "Timeliness of care": (
        "we waited for hours",
        "the wait was far too long",
        "seen within minutes of arriving",
        "a long delay before anyone came",
    ),
    "Staff manner & personal attributes": (
        "the nurses were kind",
        "such friendly people",
        "the receptionist was rude",
        "she was polite and gentle",
    ),
    "Food & drink provision & facilities": (
        "the meals were cold",
        "lovely soup and sandwiches",
        "no drinks on the ward",
        "breakfast was good",
    ),
    "Parking": ("nowhere to park the car", "the car park is dear", "parking was easy", "parked right outside"),
    "Labelling not possible": ("did not answer", "none"),
}
"""What people say of each category."""
THEMES = {
    "Timeliness of care": "T01",
    "Staff manner & personal attributes": "T04",
    "Food & drink provision & facilities": "T06",
    "Parking": "T12",
}
RARE = "Pain management"
"""A category of which too few speak to learn it."""
RATED = {
    3: ("everything was lovely thank you", "very happy with all of it", "a wonderful team"),
    -1: ("a leaflet would be better", "could be a little warmer", "chairs might be softer"),
    -4: ("dreadful and nobody cared", "appalling neglect from start to end", "worst night of my life, ignored"),
}
"""What people say, by criticality."""
FILL = "on monday tuesday with my sister again at noon in the spring for once by the window after lunch near the end".split()
PLACES = ("RXA", "RXB")
SECRET = "Ormthwaitestonehaugh"
"""A name that stands in one comment: in nothing that is kept of the comments."""
WHOLE, ONE = "several.csv", "rated.csv"


def filled(chance: random.Random, words: str) -> str:
    """The same, said otherwise, so that no two comments are the same text."""
    return f"{words} {' '.join(chance.sample(FILL, 4))} {chance.randrange(10**6)}"


def several(number: int, seed: int = 1) -> bytes:
    """One column a category: each comment speaks of one or two."""
    chance = random.Random(seed)
    rows = []
    for place in range(number):
        chosen = chance.sample(list(SAID), chance.choice((1, 1, 2)))
        rows.append(
            [
                filled(chance, " and ".join(chance.choice(SAID[each]) for each in chosen)),
                PLACES[place % 2],
                *("1" if each in chosen else "" for each in SAID),
                "",
            ]
        )
    rows.append([f"{SECRET} was kind", PLACES[0], *("1" if each.startswith("Staff") else "" for each in SAID), ""])
    rows += [[f"the pain was awful {n}", PLACES[0], *("" for _ in SAID), "1"] for n in range(3)]
    return written(["FFT answer", "Trust", *SAID, RARE], rows)


def rated(number: int, seed: int = 2) -> bytes:
    """One category and one criticality a comment."""
    chance = random.Random(seed)
    rows = []
    for place in range(number):
        criticality = chance.choice(list(RATED))
        rows.append([filled(chance, chance.choice(RATED[criticality])), "Care received", str(criticality), PLACES[place % 2]])
    return written(["feedback", "subcategory", "criticality", "organization"], rows)


def written(header: list[str], rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


def files(folder: Path, number: int = 400, seed: int = 1) -> list[Path]:
    """Both, as files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WHOLE).write_bytes(several(number, seed))
    (folder / ONE).write_bytes(rated(number, seed + 1))
    return [folder / WHOLE, folder / ONE]


def examples(folder: Path, number: int = 400, seed: int = 1) -> Examples:
    return read_examples(files(folder, number, seed))


def trained(settings: Settings, seed: int = 1) -> TextModel:
    """An installation's model."""
    model = train(examples(settings.home / "labelled", seed=seed))
    model.save(settings.text_model, "A card.")
    return model
