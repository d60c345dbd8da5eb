"""The weekly mail to each directorate: what changed, what is special cause, what is due.

`reading` asks with the rights of the directorate; `comparing` keeps what the next digest
compares with, `content` says what there is, `message` writes it as text and HTML, `sending`
sends it once a week.
"""
