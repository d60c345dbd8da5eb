"""Invented sentences of complainants: nobody ever wrote them. Put together as columns."""

from __future__ import annotations

import numpy as np
import polars as pl

SENTENCES: dict[str, tuple[str, str]] = {
    "access_to_treatment_or_drugs": (
        "I was told that the treatment my consultant had asked for would not be funded here.",
        "The drug I need is given in the next town but not by this hospital.",
    ),
    "admissions_discharge_and_transfers": (
        "Mum was sent home in the evening without her medicines and nobody had told the family.",
        "I waited in the discharge lounge all day because transport and the letter were not ready.",
    ),
    "appointments": (
        "My appointment was cancelled three times and each letter came after the day had passed.",
        "When I arrived the clinic had no record of me although I had the letter in my hand.",
    ),
    "commissioning_services": (
        "The service in our area was closed and no one could say what replaces it.",
        "We were passed between two organisations because neither thought that it was theirs to pay for.",
    ),
    "communications": (
        "No one rang back although I left message after message, and each person told me something else.",
        "The doctor talked over me to the students and I don’t know to this day what was decided.",
    ),
    "consent_to_treatment": (
        "I signed a form in the corridor and nobody explained what could go wrong.",
        "They began before I had said yes, and my husband’s questions were not answered.",
    ),
    "end_of_life_care": (
        "In Dad’s last days he was moved twice at night and we couldn’t stay with him.",
        "Nobody told us how close the end was, so we were not there.",
    ),
    "facilities_services": (
        "The toilets on the ward were dirty and the shower was cold all week.",
        "There was nowhere to park and the lift had been broken for a month.",
    ),
    "integrated_care": (
        "The hospital thought that the GP would do it and the GP thought that the hospital would.",
        "I had to tell my story to every team again because they can’t see each other’s notes.",
    ),
    "patient_care_including_nutrition_hydration": (
        "My father’s meals were left out of his reach and taken away untouched.",
        "She asked for water again and again and the call bell was out of reach.",
    ),
    "mortuary_and_post_mortem_arrangements": (
        "We waited weeks for the papers and nobody could tell us when we could hold the funeral.",
        "The way in which we were shown to the viewing room was cold and hurried.",
    ),
    "prescribing_errors": (
        "The tablets in the bag were not mine and the dose on the letter was another.",
        "They stopped my medicine without telling me and did not start it again.",
    ),
    "privacy_dignity_and_wellbeing": (
        "I was examined with the curtain half open while visitors walked past.",
        "He was left in a wet bed and was ashamed to ask again.",
    ),
    "restraint": (
        "My son was held down by four people when a quiet word would have been enough.",
        "Nobody wrote down why she was restrained or for how long.",
    ),
    "staffing_numbers": (
        "There were two nurses for the whole ward at night and it did not feel safe.",
        "The staff were kind but there were simply not enough of them.",
    ),
    "transport": (
        "Patient transport came three hours late and I missed the scan.",
        "There is no bus on the day of the clinic and the taxi cost more than I have.",
    ),
    "trust_administration": (
        "My records were sent to another address and nobody would say how it had happened.",
        "I was billed for something that I had already paid.",
    ),
    "values_and_behaviours": (
        "The receptionist rolled her eyes and sighed when I asked how long it would be.",
        "I was spoken to as if I were a child and it still makes me angry.",
    ),
    "waiting_times": (
        "We waited eleven hours in A&E on plastic chairs with no news at all.",
        "I have been on the list for more than a year and get worse each month.",
    ),
    "other": (
        "Something else went wrong that fits no box on your form.",
        "I want somebody to look at the whole of it, not only at one part.",
    ),
    "clinical_treatment": (
        "The break was missed on the first X-ray and I walked on it for two weeks.",
        "The wound was closed too early and I had to come back for another operation.",
    ),
}
"""By KO41a subject; some with the typographic apostrophe that exports break."""

OPENINGS = (
    "I am writing about the care that my mother had on your ward in the spring.",
    "Please look into what happened when I came to your clinic.",
    "I don’t like to complain, and most of the staff were lovely, but this was wrong.",
    "This is about my husband’s stay with you.",
    "I am a carer for my brother and I am writing for him, with his consent.",
    "My daughter was brought in by ambulance and I stayed with her throughout.",
)
WISHES = (
    "I would like an apology and to know what you will change.",
    "I don’t want money, I want it not to happen to the next person.",
    "Please tell me who decided this and why.",
    "It’s the small things that would have made the difference: a chair, a cup of tea, a word.",
    "I have not had an answer to my first letter either.",
    "Thank you to the night nurse, who was the only one that listened.",
)
LESSONS = (
    "Discharge checklist changed; ward manager to audit for three months.",
    "Apology given. Team reminded to ring families before a transfer.",
    "Letter template corrected and old letters withdrawn.",
    "Shared at the ward meeting; no further action.",
    "Training on kind communication booked for the reception team.",
)
PRAISE = (
    "I want to thank everybody on the ward: they found time for each of us, and it made all the difference.",
    "The physiotherapist never gave up on me and I walked out on my own feet.",
    "My mother’s last days were calm and kind because of your nurses. Please tell them.",
    "From the porter to the surgeon, everyone said who they were and what would happen next.",
)


def narratives(rng: np.random.Generator, subjects: pl.Series, is_praise: pl.Series) -> pl.Series:
    """One text a case, of 20 to 60 words, by its first subject; about one in ten with identifiers of invented people."""
    rows = subjects.len()
    places = subjects.replace_strict({code: 2 * place for place, code in enumerate(SENTENCES)}, return_dtype=pl.UInt32)
    either = pl.Series([sentence for both in SENTENCES.values() for sentence in both])
    frame = pl.DataFrame(
        {
            "opening": _drawn(rng, OPENINGS, rows),
            "main": either.gather(places + pl.Series(rng.integers(0, 2, rows, dtype=np.uint32))),
            "wish": _drawn(rng, WISHES, rows),
            "identifier": identifiers(rng, rows),
        }
    )
    texts = frame.select(pl.concat_str(pl.all(), separator=" ", ignore_nulls=True)).to_series()
    return _drawn(rng, PRAISE, rows).zip_with(is_praise, texts)


def lessons(rng: np.random.Generator, rows: int) -> pl.Series:
    """What an organisation says that it learned."""
    return _drawn(rng, LESSONS, rows)


def nhs_numbers(rng: np.random.Generator, rows: int) -> pl.Series:
    """Numbers that pass the check digit, from the range 999 that is kept for tests and given to nobody."""
    digits = np.hstack([np.full((rows, 3), 9), rng.integers(0, 10, (rows, 6))])
    check = (11 - (digits * np.arange(10, 1, -1)).sum(axis=1) % 11) % 11
    # A check digit of 10 does not exist: lower the last digit (weight 2), or raise it where it is 0.
    impossible = check == 10
    step = np.where(digits[:, 8] > 0, -1, 1)
    digits[impossible, 8] += step[impossible]
    check = (11 - (digits * np.arange(10, 1, -1)).sum(axis=1) % 11) % 11
    number = digits @ (10 ** np.arange(8, -1, -1)) * 10 + check
    return pl.Series(number).cast(pl.String)


def identifiers(rng: np.random.Generator, rows: int) -> pl.Series:
    """What people give of themselves in a letter; numbers from ranges that are kept for drama and tests."""
    texts = pl.DataFrame(
        {
            "kind": rng.integers(0, 60, rows),
            "line": pl.Series(rng.integers(0, 1000, rows)).cast(pl.String).str.zfill(3),
            "day": pl.Series(rng.integers(1, 29, rows)).cast(pl.String).str.zfill(2),
            "nhs": nhs_numbers(rng, rows),
        }
    )
    nhs = pl.col("nhs")
    sentences = (
        pl.format("My NHS number is {} {} {}.", nhs.str.slice(0, 3), nhs.str.slice(3, 3), nhs.str.slice(6)),
        pl.format("Ring me on 07700 900{} after five.", "line"),
        pl.format("My address for the answer is jo{}@example.org.", "line"),
        pl.format("We live at M{} 9ZZ, so it is a long way.", pl.col("day").cast(pl.Int64)),
        pl.format("His date of birth is {}/04/1951.", "day"),
        pl.format("Call 01632 960{} or write to LS{} 4ZZ.", "line", pl.col("day").cast(pl.Int64)),
    )
    chosen = pl.lit(None, dtype=pl.String)
    for number, sentence in enumerate(sentences):
        chosen = pl.when(pl.col("kind") == number).then(sentence).otherwise(chosen)
    return texts.select(chosen).to_series()


def _drawn(rng: np.random.Generator, texts: tuple[str, ...], rows: int) -> pl.Series:
    return pl.Series(texts).gather(rng.integers(0, len(texts), rows))
