"""Links as somebody's page or answer gives them."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit


def joined(base: str, link: str) -> str:
    """Where a link leads that stands at an address; '' where either is no address, as 'http://[your website here]' is none."""
    try:
        address = urljoin(base, link.strip())
        urlsplit(address)  # to nothing a link is joined unseen
    except ValueError:
        return ""
    return address
