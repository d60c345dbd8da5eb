"""The page that nursing and comms look at together: static files, made of what is published and nothing else.

`reading` asks the warehouse with the rights of comms; `organisations`, `evidence`, `signals`,
`complaints`, `promises`, `stories`, `heard` and `coverage` say what there is, in plain words;
`rendering` puts that into HTML, `charts` into drawings; `edition` lets readers see all of it at once.
"""
