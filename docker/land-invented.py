"""Lands everything that an invented ICS submits, but for one feed, which docker/try sends by webhook instead; prints how many."""

import io
import sys

from samepicture.demo.invent import submissions
from samepicture.process import Pipeline
from samepicture.settings import Settings

pipeline = Pipeline(Settings.from_environment())
landed = [pipeline.land(made.feed_id, made.file_name, io.BytesIO(made.content)) for made in submissions() if made.feed_id != sys.argv[1]]
print(len(landed))
