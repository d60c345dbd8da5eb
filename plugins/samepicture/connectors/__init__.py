"""How submissions are fetched from sources that do not send them."""
