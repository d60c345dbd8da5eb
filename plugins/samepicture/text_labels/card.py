"""Writes the model card: what the model is for, how well it does on comments that it never saw, and where it was never tried."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl
import sklearn

from samepicture.settings import PROJECT
from samepicture.text_labels import learning, training
from samepicture.text_labels.evaluation import Evaluation, Group, Measured
from samepicture.text_labels.examples import Examples
from samepicture.text_labels.figures import Figures, Share
from samepicture.text_labels.model import TextModel

EXPLORATION = "For exploration: read the comments."
PXTEXTMINING = "https://github.com/The-Strategy-Unit/pxtextmining/tree/1.0.1/current_best_model"
SEVERITY_NAMES = {"none": "not critical", "mild": "mildly critical (criticality -1, -2)", "strong": "strongly critical (-3 to -5)"}


def card(examples: Examples, model: TextModel, found: Evaluation, names: Sequence[str]) -> str:
    """The card as Markdown; holds no word of any comment. `names` are those of the files."""
    themes = training.theme_task(examples)
    severity = training.severity_task(examples)
    learned, held_out = (task.frame.height for task in training.split(themes))
    rated, rated_held_out = (task.frame.height for task in training.split(severity))
    together = found.themes_together
    silent = [_theme(row.label) for row, least in zip(found.themes, model.theme_thresholds, strict=True) if least == learning.NEVER]
    better = [_theme(row.label) for row in found.themes if row.keywords.f1.value > row.model.f1.value]
    lines = [
        f"# Themes and severity of free text: model {model.version}\n",
        f"**{EXPLORATION}** A theme that a model finds is not what its source coded, and is never added to it.\n",
        f"Learned on {model.trained_at:%Y-%m-%d} with scikit-learn {sklearn.__version__} from {', '.join(names)}: {examples.rows:,} rows, "
        f"{examples.frame.height:,} different texts ({examples.wordless:,} rows have no word; {examples.unreadable_criticality:,} criticalities can't be read).\n",
        "Hashed words, pairs of words and parts of words, weighed by TF-IDF; a linear support vector machine for each theme, and two for "
        "severity (at least mild, at least strong); Platt's probabilities. A theme or severity is named where it is likelier right than wrong, and where "
        f"comments that the machine had not seen were right in {learning.PRECISION:.0%} or more; what is less sure stays without a tag. The model holds no "
        "word of anybody.\n",
        "## Themes\n",
        f"{learned:,} texts learned from, {held_out:,} held out; no text is in both. In brackets 95% intervals. On the {held_out:,}: "
        f"precision {_share(together.model.precision)}, recall {_share(together.model.recall)}, F1 {_share(together.model.f1)} over all themes; a theme is "
        f"found in {found.themes_named.value:.0%} of them. Keywords: precision {_share(together.keywords.precision)}, recall "
        f"{_share(together.keywords.recall)}, F1 {_share(together.keywords.f1)}.\n",
        *_measured(found.themes, [_theme(row.label) for row in found.themes]),
        *([f"Keywords find more of (F1): {', '.join(better)}.\n"] if better else []),
        *([f"Never named, for want of comments or of certainty: {', '.join(silent)}.\n"] if silent else []),
        f"Not learned, for fewer than {learning.EXAMPLES_MIN} comments: {', '.join(_not_learned(model)) or 'none'}.\n",
        "## Severity\n",
        f"{rated:,} texts learned from, {rated_held_out:,} held out. A severity is named for {_share(found.severity_named)} of them, and right for "
        f"{_share(found.severity_right)} of these; keywords are right for {_share(found.severity_right_keywords)} of all. Most comments are not critical, so look "
        "at the rows.\n",
        *_measured(found.severity, [SEVERITY_NAMES[row.label] for row in found.severity]),
        "pxtextmining publishes no severity; its machine for five classes of sentiment (DistilBERT) is right for 0.70, another question on other comments.\n",
        *_categories(found),
        "## By length\n",
        *_groups(found.lengths, "length"),
        "## At places that it never saw\n",
        "Each place by a model that learned from the others alone. This is nearer to what your organisations will see than the tables above.\n",
        *_groups(found.places, "themes at"),
        *_groups(found.severity_places, "severity at"),
        "## Limits\n",
        *LIMITS,
    ]
    return "\n".join(lines)


LIMITS = (
    "- Learned from short comments of the Friends and Family Test. Complaints, stories and letters are longer and of another kind: figures of them are not known.",
    "- Never tested by groups of people: the comments do not say who wrote them. Whether it does worse for people who write English as a second language, "
    "for people with a learning disability, for young or old people, or for those for whom somebody else writes, nobody knows. Other languages than English it does not read.",
    "- Never tested by condition, nor on primary care, maternity, children's or dental services, unless the files hold them.",
    "- Who wrote nothing, and who was never asked, is in no comment.",
    "- People who label disagree with each other; what they disagree on no machine can learn. How far they did is not published.",
    "- Texts that differ by a letter count as different: some of what was held out is much like what was learned from.",
    "- A comment is read without the question that it answers: 'The staff' under 'What could be better?' is read as it stands.",
    "- Severity is how critical the words are of the service, not how badly somebody was harmed. It is no triage: a safeguarding concern may be calm.",
    "- Counts of themes that it is often unsure of are too low, and differently so from theme to theme: do not rank themes by them.\n",
)


def _measured(rows: Iterable[Measured], names: Iterable[str]) -> list[str]:
    lines = [
        "| | labelled | tagged | precision | recall | F1 | keywords: precision, recall, F1 | F1 at places never seen |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row, name in zip(rows, names, strict=True):
        words = row.keywords
        lines.append(
            f"| {name} | {row.model.labelled} | {row.model.tagged} | {_share(row.model.precision)} | {_share(row.model.recall)} | {_share(row.model.f1)} "
            f"| {_number(words.precision.value)}, {_number(words.recall.value)}, {_number(words.f1.value)} | {_share(row.elsewhere.f1) if row.elsewhere else '-'} |"
        )
    return [*lines, ""]


def _categories(found: Evaluation) -> list[str]:
    if not found.categories:
        return []
    lines = [
        "## Beside pxtextmining\n",
        f"The framework's own categories, tagged wherever that makes F1 best, beside [what pxtextmining 1.0.1 publishes]({PXTEXTMINING}) of its "
        "support vector machine and of its ensemble with DistilBERT. Not the same comments: theirs are of six trusts, of which two let theirs be "
        "published, and of a later version of the framework; so a difference tells of the comments as much as of the method.\n",
        "| category | labelled | F1 | theirs: labelled | F1, SVM | F1, ensemble |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {row.category} | {row.ours.labelled} | {_share(row.ours.f1)} | {row.labelled} | {row.svc_f1:.2f} | {row.ensemble_f1:.2f} |"
        for row in found.categories
    ]
    return [*lines, ""]


def _groups(groups: Iterable[Group], what: str) -> list[str]:
    lines = [f"| {what} | comments | precision | recall | F1 |", "|---|--:|--:|--:|--:|"]
    lines += [f"| {group.name} | {group.model.comments:,} | {_all(group.model)} |" for group in groups]
    return [*lines, ""] if len(lines) > 2 else ["Only one place is in the files.\n"]


def _all(row: Figures) -> str:
    return " | ".join(map(_share, (row.precision, row.recall, row.f1)))


def _share(share: Share) -> str:
    return f"{_number(share.value)} ({_number(share.low)}-{_number(share.high)})" if share.value == share.value else "-"


def _number(value: float) -> str:
    return f"{value:.2f}" if value == value else "-"


def _themes() -> dict[str, str]:
    return dict(pl.read_csv(PROJECT / "dbt" / "seeds" / "theme.csv").select("theme_code", "theme_name").iter_rows())


def _theme(code: str) -> str:
    return f"{code} {_themes()[code]}"


def _not_learned(model: TextModel) -> list[str]:
    return [_theme(code) for code in _themes() if code not in (*model.themes.labels, "T99")]
