"""The operators' page, in Airflow: feeds, their last submissions, rejections with reasons, where the time went.

`reading` asks the ledger, `rendering` puts the answers into HTML; `samepicture.airflow.operating`
serves that to those who may see it, and has a submission replayed.
"""
