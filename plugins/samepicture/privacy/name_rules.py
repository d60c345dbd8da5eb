"""The rules by which a word of a text is a name: expressions over a column of words and those of its neighbours.

`before` and `after` are what the neighbouring words are, `before2` and `after2` the next but one; `gap` is what stands
between a word and the one before it. Each word is a sum of `lexicon.Is`.
"""

from __future__ import annotations

import polars as pl

from samepicture.privacy import gaps
from samepicture.privacy.lexicon import NOBODY, Is

OWNING = r"(['’][sS])$"
"""A genitive; it stays behind the placeholder."""


def names(words: pl.DataFrame) -> pl.Series:
    """Which words of the frame are (part of) a name."""
    spacing, places, readings, rule = _RULES
    features = words.lazy().select(
        "word",
        "is",
        pl.col("is").shift(1).fill_null(0).alias("before"),
        pl.col("is").shift(2).fill_null(0).alias("before2"),
        pl.col("is").shift(-1).fill_null(0).alias("after"),
        pl.col("is").shift(-2).fill_null(0).alias("after2"),
        pl.col("row").ne(pl.col("row").shift(1)).fill_null(True).alias("first"),
        pl.col("word").shift(-1).fill_null("").alias("next"),
        gaps.numbered(words.get_column("gap")).alias("gap"),
    )
    features = features.with_columns(pl.col("gap").shift(-1).fill_null(0).alias("next_gap"), last=pl.col("next") == "")
    features = features.with_columns(ending=pl.col("last").shift(-1).fill_null(True), **spacing)
    features = features.with_columns(**places)
    # A place is told by its last word: 'Florence Nightingale ward'.
    for _ in range(2):
        features = features.with_columns(
            place=pl.col("place") | (pl.col("spaced_after") & pl.col("proper") & pl.col("place").shift(-1) & pl.col("proper").shift(-1))
        )
    likely = features.with_row_index("at").filter(_may_be()).with_columns(**readings)
    found = likely.select("at", rule.alias("found")).collect()
    is_name = pl.Series([False]).new_from_index(0, words.height)
    return is_name.scatter(found.filter("found").get_column("at"), True)


def _may_be() -> pl.Expr:
    """What any part of the rule asks of the word itself: most words are nothing of the kind, and the rule is dear."""
    named = Is.GIVEN | Is.FAMILY | Is.GIVEN_WORD | Is.FAMILY_WORD | Is.UNKNOWN
    return _has("is", Is.CAPITAL | Is.CAPITALS | Is.INITIAL | Is.PARTICLE | named) | (pl.col("word").str.len_bytes() == 1)


def _has(column: str, flags: Is) -> pl.Expr:
    return (pl.col(column) & int(flags)) != 0


def _spacing() -> dict[str, pl.Expr]:
    """How a word stands to its neighbours."""
    titled = _has("before", Is.TITLE | Is.INITIAL) & gaps.before(r"^\. ?$")
    return {
        "spaced": ~pl.col("first") & (gaps.before(r"^(?:[ \t\u00a0]+|-)$") | titled),
        "spaced_after": gaps.behind(r"^[ \t\u00a0]+$"),
        "start": pl.col("first") | (gaps.before(r"[.!?:;\n•*…]") & ~titled),
        "signed": pl.col("last") & (gaps.before(r"[\n,\-–—.!]") | _has("before", Is.THANKS | Is.FIELD)),
        "line": gaps.before(r"\n"),
        "dotted": gaps.behind(r"^\."),
        "figures": gaps.before(r"[0-9]\S?\S? ?$") | gaps.behind(r"^[,:\-]? ?[0-9]"),
    }


def _places() -> dict[str, pl.Expr]:
    """What of a word tells whether it and those before it name a place."""
    raised, common = _has("is", Is.CAPITAL), _has("is", Is.COMMON)
    spaced, spaced_after = pl.col("spaced"), pl.col("spaced_after")
    head = spaced_after & _has("after", Is.HEAD) & (~common | _has("after", Is.FACILITY | Is.CAPITAL | Is.CAPITALS))
    inside = spaced & _has("before", Is.INSIDE) & ~_has("before2", Is.AIMED) & ~common
    article = spaced & _has("before", Is.ARTICLE) & ~common
    medical = spaced & _has("before2", Is.MEDICAL) & ~common
    moved = spaced & _has("before", Is.TO | Is.MOVING) & (_has("before2", Is.MOVING) | _has("is", Is.SETTLED)) & ~_has("is", Is.GIVEN)
    thing = spaced_after & _has("after", Is.THING)
    named_place = spaced & (_has("before", Is.BEFORE | Is.THE) | (_has("before", Is.BEFORE_PLACE) & ~common))
    return {
        "proper": (raised | _has("is", Is.CAPITALS)) & ~_has("is", Is.STOP | Is.TITLE | Is.ROLE | Is.VERB),
        "for": spaced & _has("before2", Is.ROLE | Is.KIN) & (pl.col("word").shift(1) == "for"),
        "place": head | thing | inside | moved | named_place | article | medical,
    }


def _readings() -> dict[str, pl.Expr]:
    """What else a word may be read as where it stands."""
    raised, spaced = _has("is", Is.CAPITAL), pl.col("spaced")
    listed = _has("before2", Is.NAME) & _has("before", Is.AND) | _has("before", Is.NAME) & gaps.before("^ ?[,&/+] ?$")
    thanked = spaced & (_has("before", Is.THANKS) | (_has("before2", Is.THANKS) & _has("before", Is.TO | Is.YOU)))
    met = spaced & _has("before2", Is.MET) & _has("before", Is.BY)
    introduced = spaced & (
        _has("before", Is.CALLED)
        | (_has("before", Is.AM) & (raised | _has("is", Is.GIVEN)))
        | (_has("before2", Is.FIELD) & _has("before", Is.IS))
    )
    named = spaced & raised & ((_has("before2", Is.CALL) & _has("before", Is.WHOM)) | (_has("before2", Is.SELF) & _has("before", Is.AS)))
    field = _has("before", Is.FIELD | Is.ROLE | Is.KIN) & gaps.before(r"^ ?[:=\-–] ?$")
    apposed = gaps.before("^, ?$") & _has("before", Is.KIN | Is.ROLE) & _has("before2", Is.WHOSE | Is.ROLE) & raised
    return {
        "raised": raised | _has("is", Is.CAPITALS),
        "owning": pl.col("word").str.contains(OWNING),
        "trigger": (spaced & _has("before", Is.ROLE | Is.KIN)) | thanked | met | introduced | named | field | apposed | listed,
        "thanked": thanked,
        "listed": listed,
        "numbered": spaced & _has("before", Is.ON | Is.FROM | Is.TO | Is.INSIDE) & gaps.behind(r"^ [0-9]{1,2}(?:[^0-9:a-zA-Z/]|$)"),
    }


def _rule() -> pl.Expr:
    """Whether a word is (part of) a name: the rules of the module's head, one a line."""
    raised, start, spaced, place = _has("is", Is.CAPITAL), pl.col("start"), pl.col("spaced"), pl.col("place")
    upper, after = pl.col("raised"), pl.col("spaced_after")
    name = _has("is", Is.GIVEN | Is.FAMILY)
    word_name, unknown, dated = _has("is", Is.GIVEN_WORD), _has("is", Is.UNKNOWN), _has("is", Is.CALENDAR)
    any_name = _has("is", Is.GIVEN | Is.FAMILY | Is.GIVEN_WORD | Is.FAMILY_WORD | Is.UNKNOWN)
    kept = _has("is", Is.KEPT) & ~word_name
    task = _has("is", Is.HEAD | Is.STOP | Is.ROLE | Is.TITLE | Is.KIN | Is.THANKS | Is.VERB | Is.THING | Is.FIELD | Is.WHOSE | Is.POST)
    free = ~kept & ~place & ~_has("is", Is.PLACE) & ~pl.col("numbered")
    letters = pl.col("word").str.len_chars()
    personal, modal = _personal(), _has("is", Is.MODAL)
    everyday = _has("is", Is.EVERYDAY) & ~_has("is", Is.GIVEN | Is.FAMILY | Is.GIVEN_WORD)
    misspelled = _has("is", Is.MISTYPED) & (letters >= 7)
    proper = raised & ~task & ~_has("is", Is.PLACE | Is.KEPT | Is.CALENDAR | Is.ORDINARY)
    strange = unknown & ~upper & ~_has("is", Is.MISTYPED) & (letters >= 4) & ~pl.col("word").str.contains("(?:ed|ing|nt|ly|oo+|ee+)$")
    # Who: what stands before says that a person follows.
    titled = (
        spaced
        & _has("before", Is.TITLE)
        & (
            raised
            | _has("is", Is.INITIAL | Is.CAPITALS)
            | (any_name & ~_has("is", Is.STOP | Is.VERB | Is.MODAL))
            | pl.col("word").str.contains("^[b-hj-z]$")
        )
    )
    triggered = (
        pl.col("trigger")
        & ~kept
        & ~place
        & ~pl.col("numbered")
        & ~(_has("is", Is.PLACE) & _has("before", Is.FROM | Is.TO | Is.INSIDE))
        & (
            (upper & any_name & ~task)
            | name
            | (
                word_name
                & (
                    raised
                    | (~modal & ~_has("before", Is.FROM))
                    | (pl.col("thanked") & (~_has("before", Is.FROM) | pl.col("last")))
                    | (after & (_has("after", Is.IS) | (_has("after", Is.ON) & _has("after2", Is.POST))))
                )
            )
            | proper
        )
    )
    followed = after & _has("after", Is.THE | Is.WHOSE) & _has("after2", Is.ROLE)
    strangers = (pl.col("trigger") | pl.col("for") | followed | (start & after & _has("after", Is.IS))) & strange & ~place
    strangers |= pl.col("listed") & unknown & ~upper & (letters >= 4) & ~place
    asked = spaced & _has("before", Is.ASKED) & ~upper & ~place & (_has("is", Is.FAMILY | Is.GIVEN) | strange) & (letters >= 4)
    ours = spaced & _has("before", Is.OURS) & ~upper & ~place & ~kept & _has("is", Is.GIVEN)
    letter = _has("is", Is.INITIAL) & ~pl.col("word").is_in(["I", "A", *NOBODY]) & ~pl.col("figures")
    coded = letter & ((spaced & _has("before", Is.ROLE | Is.KIN | Is.CALLED)) | (start & after & _has("after", Is.VERB)))
    # An ordinary word with a capital of its own, where the words before and behind make a person of it: 'nurse Memory', 'and Blossom from triage'.
    lone = (
        raised
        & ~start
        & ~task
        & ~kept
        & ~place
        & ~dated
        & ~modal
        & ~pl.col("numbered")
        & ~everyday
        & _has("is", Is.ORDINARY | Is.FAMILY_WORD)
        & ~_has("before", Is.ARTICLE | Is.NAME)
        & (~_has("before", Is.CAPITAL | Is.CAPITALS) | _has("before", Is.THANKS | Is.CALLED))
    )
    ranked = (
        spaced
        & _has("before", Is.RANK)
        & raised
        & ~task
        & ~kept
        & ~place
        & ~_has("after", Is.CAPITAL)
        & _has("is", Is.ORDINARY | Is.PROPER | Is.FAMILY_WORD)
    )
    worded = (
        ranked
        | (
            lone
            & ~_has("is", Is.PLACE)
            & (pl.col("trigger") | _personal_beyond_doubt() | (after & _has("after", Is.VERB) & ~_has("before", Is.WHOSE)))
        )
        | (upper & start & ~task & ~kept & ~place & ~everyday & _has("is", Is.GIVEN_WORD | Is.FAMILY_WORD) & _personal_beyond_doubt())
        # 'Cook the OT': also a word for what people do, where it is a family's name too.
        | (
            raised
            & _has("is", Is.ROLE)
            & _has("is", Is.FAMILY_WORD)
            & after
            & _has("after", Is.THE)
            & _has("after2", Is.ROLE)
            & (start | _has("before", Is.AND))
        )
    )
    particle = spaced & _has("is", Is.PARTICLE) & _has("before", Is.TITLE | Is.NAME) & after & _has("after", Is.CAPITAL)
    # What: the word itself is a name.
    within = raised & ~start & free & (name | (unknown & ~task & ~(misspelled & (letters >= 8))) | (word_name & ~dated & ~everyday))
    ends = gaps.behind(r"^\s*[.!\n&]") | (after & _has("after", Is.NAME | Is.YOU | Is.STOP))
    at_start = (
        upper
        & start
        & free
        & (
            (name & (raised | (letters >= 4)))
            | (unknown & raised & ends & ~_has("is", Is.MISTYPED | Is.SETTLED))
            | (
                (
                    word_name
                    | (((unknown & ~misspelled) | _has("is", Is.PROPER)) & raised)
                    | (unknown & _has("is", Is.CAPITALS) & (letters >= 6) & ~misspelled & ~_has("after", Is.YOU))
                )
                & personal
                & ~dated
            )
        )
    )
    at_post = after & _has("after", Is.ON | Is.FROM | Is.INSIDE) & _has("after2", Is.HEAD | Is.POST)
    months = (
        upper
        & dated
        & word_name
        & ~pl.col("figures")
        & (
            at_post
            | (after & _has("after", Is.VERB) & ~_has("after", Is.IS) & start)
            | pl.col("owning")
            | (after & _has("after", Is.AND) & _has("after2", Is.GIVEN))
        )
    )
    shouted = _has("is", Is.CAPITALS) & name & free & ((letters >= 4) | personal)
    lower = (
        ~upper
        & ~kept
        & ~place
        & (
            (
                _has("is", Is.GIVEN)
                & (
                    ((letters >= 4) & _has("is", Is.COMMON))
                    | (letters >= 6)
                    | (start & personal)
                    | ((letters == 3) & _has("is", Is.COMMON))
                )
            )
            | (_has("is", Is.FAMILY) & (letters >= 5) & start & personal)
        )
    )
    lower_word = (
        ~upper
        & (start | gaps.before("^, ?$"))
        & word_name
        & ~modal
        & ~kept
        & ~place
        & ~dated
        & after
        & (_has("after", Is.IS) | (_has("after", Is.ON | Is.FROM | Is.INSIDE) & _has("after2", Is.HEAD | Is.POST)))
    )
    # Beside: a name that is known makes one of what stands next to it.
    beside = (
        spaced
        & _has("before", Is.NAME)
        & ~kept
        & ~dated
        & (
            (upper & any_name & ~task & ~misspelled)
            | (raised & ~task & ~everyday & ~_has("is", Is.PLACE))
            | (~upper & _has("is", Is.FAMILY))
        )
    )
    ahead = upper & (any_name | ~start) & ~task & free & ~dated & after & _has("after", Is.NAME) & ~(start & modal)
    paired = (
        raised
        & word_name
        & free
        & ~dated
        & after
        & _has("after", Is.FAMILY | Is.FAMILY_WORD | Is.UNKNOWN | Is.PROPER)
        & _has("after", Is.CAPITAL)
        & ~_has("after", Is.HEAD)
    )
    chain = pl.col("dotted") & _has("after", Is.INITIAL)
    initial = _has("is", Is.INITIAL) & (
        (spaced & _has("before", Is.NAME) & ~pl.col("word").eq("I"))
        | (pl.col("dotted") & _has("after", Is.NAME | Is.FAMILY | Is.UNKNOWN | Is.PROPER))
        | (after & _has("after", Is.NAME | Is.FAMILY) & ~pl.col("word").is_in(["I", "A"]))
        | (pl.col("line") & (pl.col("last") | chain))
        | (pl.col("last") & _has("before", Is.NAME))
        | (pl.col("last") & (gaps.before(r"[\n,–—-]") | _has("before", Is.THANKS)) & ~pl.col("word").eq("I"))
    )
    signed = (
        pl.col("signed")
        & raised
        & ((any_name & (pl.col("line") | ~_has("is", Is.PLACE))) | proper | (pl.col("line") & _has("is", Is.ORDINARY)))
        & ~pl.col("numbered")
        & ~kept
        & ~place
        & ~task
        & ~everyday
        & ~misspelled
    )
    # 'Kelly. Dom. Anil.': a sentence of one word among such.
    signed |= (
        start & raised & word_name & ~dated & ~kept & _has("before", Is.NAME) & _has("after", Is.NAME | Is.GIVEN) & gaps.behind(r"^\.\s*$")
    )
    signed |= (
        _has("before", Is.INITIAL) & gaps.before(r"^\. ?$") & raised & free & _has("is", Is.PROPER | Is.FAMILY_WORD) & ~everyday & ~task
    )
    # 'Femke, Thirsk': somebody signs with where they live.
    signed |= (
        start
        & raised
        & free
        & (unknown | _has("is", Is.PROPER))
        & gaps.behind("^, ?$")
        & _has("after", Is.PLACE | Is.SETTLED)
        & pl.col("ending")
    )
    barred = (
        _has("is", Is.NAME | Is.STOP | Is.TITLE)
        & ~word_name
        & ~(raised & spaced & _has("before", Is.TITLE) & ~_has("is", Is.TITLE | Is.NAME | Is.AND))
    )
    found = (
        titled
        | triggered
        | strangers
        | asked
        | ours
        | coded
        | worded
        | within
        | at_start
        | months
        | shouted
        | lower
        | lower_word
        | beside
        | ahead
        | paired
        | initial
        | signed
    )
    return ((~barred & found) | particle).fill_null(False)


def _personal_beyond_doubt() -> pl.Expr:
    """Whether what follows is said of nothing but a person: 'Rose the HCA', 'Memory on nights', 'Joy (HCA)', 'Blossom and Agnieszka'."""
    after = pl.col("spaced_after")
    return (
        (after & (_has("after", Is.THE | Is.WHOSE) | (pl.col("next") == "da")) & _has("after2", Is.ROLE))
        | (after & _has("after", Is.ON | Is.FROM | Is.INSIDE) & _has("after2", Is.POST))
        | (after & _has("after", Is.AND) & _has("after2", Is.GIVEN | Is.NAME))
        | (_has("after", Is.ROLE) & gaps.behind(r"^ ?[(\-–,] ?$"))
    )


def _personal() -> pl.Expr:
    """Whether what follows a word is said of a person: 'Mark was', 'Rose the HCA', 'Dean from the team', 'Joy (HCA)'."""
    after = pl.col("spaced_after")
    named = Is.GIVEN | Is.FAMILY | Is.GIVEN_WORD | Is.UNKNOWN | Is.NAME
    return (
        (after & (_has("after", Is.VERB) | pl.col("next").str.contains("^(?:[a-z]{2,}ed|[A-Z]{2,}ED)$")))
        | (after & (_has("after", Is.THE | Is.WHOSE) | (pl.col("next") == "da")) & _has("after2", Is.ROLE))
        | (
            after
            & _has("after", Is.ON | Is.INSIDE | Is.FROM)
            & (_has("after2", Is.HEAD | Is.ROLE | Is.POST) | ~_has("is", Is.MODAL | Is.ABSTRACT | Is.EVERYDAY))
        )
        | (after & _has("after", Is.AND) & _has("after2", named) & _has("after2", Is.CAPITAL | Is.CAPITALS | Is.NAME))
        | (_has("after", Is.ROLE) & gaps.behind(r"^ ?[(\-–,] ?(?:the |our |my )?$"))
        | pl.col("owning")
        | (
            gaps.behind("^(?:,| ?[&/+] ?| [-–—] )")
            & ~(_has("after", Is.CAPITAL) & ~_has("after", Is.GIVEN | Is.NAME))
            & ~(_has("is", Is.ABSTRACT | Is.EVERYDAY) & ~_has("after", Is.WHOSE | Is.THE | Is.GIVEN | Is.NAME))
        )
    )


_RULES = (_spacing(), _places(), _readings(), _rule())
"""Built once, before any thread asks: each pattern of a gap gets its bit here."""
