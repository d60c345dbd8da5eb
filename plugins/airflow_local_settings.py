"""Airflow imports this when one of its processes starts.

Tasks run in processes forked from the scheduler (LocalExecutor) or from a Celery worker:
what is imported there once is there in each of them. Great Expectations, which renders the
Data Docs, alone takes five seconds to import, more than all that a task does with a usual submission.
"""

import sys

if {"scheduler", "worker"}.intersection(sys.argv[1:3]):
    import great_expectations  # noqa: F401

    import samepicture.build
    import samepicture.judge
    import samepicture.publish  # noqa: F401
    from samepicture.privacy.lexicon import bits

    bits("waiting")  # reads the names and the dictionary: a second of the first redaction
