"""What keeps people out of the warehouse: pseudonyms for references, redaction for words."""
