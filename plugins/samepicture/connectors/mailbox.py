"""A mailbox of MESH (domain: A15): where it is, who we are there, and its refusals in a sentence each.

Options, each the name of an environment variable unless said otherwise:
    endpoint            `live`, `int` or `dep`, in feed.yml itself
    endpoint_from       one of these names or an https address; where it is set it wins
    mailbox_from        the mailbox's id
    password_from       its password
    shared_key_from     the shared secret of the environment
    cert_from           file of the client certificate that MESH gave (PEM)
    key_file_from       file of its private key
    ca_from             file of the authority that signed MESH's own certificate; not needed for `live`, `int` and `dep`
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
import urllib3

from samepicture.connectors.base import ConnectorError, FetchContext
from samepicture.feed import Feed
from samepicture.messengers import is_this_machine

if TYPE_CHECKING:
    from mesh_client import Endpoint, MeshClient

NAMED = ("live", "int", "dep")
TIMEOUT_SECONDS = 60
NO_CERTIFICATE = (400, 495, 496)
"""How a proxy before MESH answers a client without a certificate, or with one that it does not know."""
HUNG_UP = ("RemoteDisconnected", "ConnectionResetError", "EOF occurred")
UNKNOWN_MAILBOX = ("EPL-151", "No mailbox matched")


@contextmanager
def open_mailbox(feed: Feed, context: FetchContext) -> Iterator[MeshClient]:
    """A session with the feed's mailbox, after a handshake: MESH wants one each day.

    Raises ConnectorError: a variable is missing, MESH refuses us or can't be reached.
    Errors of what is asked in the block are told in the same sentences.
    """
    from mesh_client import MeshClient

    endpoint = _endpoint(feed, context)
    with sentences(feed):
        client = MeshClient(
            endpoint,
            _plain(feed, context, "mailbox_from", "the id of your MESH mailbox"),
            _plain(feed, context, "password_from", "the password of your MESH mailbox"),
            shared_key=_plain(feed, context, "shared_key_from", "the shared secret of this MESH environment").encode(),
            timeout=TIMEOUT_SECONDS,
            application_name="samepicture",
        )
        with client:
            try:
                client.handshake()  # type: ignore[no-untyped-call]
            except requests.HTTPError as refusal:
                raise _refused(feed, context, refusal.response) from None
            except requests.ConnectionError as error:
                # With TLS 1.3 a client learns only after its own handshake that its certificate was refused.
                if endpoint.url.startswith("https://") and any(sign in str(error) for sign in HUNG_UP):
                    raise ConnectorError(_certificate(feed)) from None
                raise
            yield client


@contextmanager
def sentences(feed: Feed) -> Iterator[None]:
    """What a library says about MESH, as ConnectorErrors that name the fix. Their own texts hold addresses, so they are not chained."""
    try:
        yield
    except requests.exceptions.SSLError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error) or "certificate verify failed" in str(error):
            raise ConnectorError(
                f"{feed.id}: MESH's certificate is not trusted: check the address, and let the variable of connector.options.ca_from name "
                "the file of the authority that signed it."
            ) from None
        raise ConnectorError(_certificate(feed)) from None
    except requests.exceptions.RetryError:
        raise ConnectorError(f"{feed.id}: MESH is out of order or asks us to wait: collect again later.") from None
    except requests.exceptions.HTTPError as error:
        status = error.response.status_code
        raise ConnectorError(f"{feed.id}: MESH refused a request (status {status}): collect again later, or tell the data team.") from None
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:  # the client lets these through when it sends
        raise ConnectorError(
            f"{feed.id}: MESH can't be reached ({type(error).__name__}): check the network and the address, then collect again."
        ) from None


def _refused(feed: Feed, context: FetchContext, response: requests.Response) -> ConnectorError:
    """Why the handshake was refused, as far as MESH says it."""
    options = feed.connector.options
    if response.status_code in NO_CERTIFICATE:
        return ConnectorError(_certificate(feed))
    if response.status_code not in (401, 403):
        return ConnectorError(f"{feed.id}: MESH refused the handshake (status {response.status_code}): collect again later.")
    if response.status_code == 403 and any(sign in response.text for sign in UNKNOWN_MAILBOX):
        return ConnectorError(
            f"{feed.id}: MESH knows no mailbox {context.environment[str(options['mailbox_from'])].strip()} here: check "
            f"{options['mailbox_from']}, and that the mailbox is one of this environment (live or int)."
        )
    return ConnectorError(
        f"{feed.id}: MESH does not accept the mailbox's password: check {options['password_from']}, {options['shared_key_from']} and "
        f"{options['mailbox_from']}, and that they are those of this environment (live or int)."
    )


def _certificate(feed: Feed) -> str:
    return (
        f"{feed.id}: MESH does not accept the client certificate: check the files that the variables of connector.options.cert_from and "
        "key_file_from name, and that the certificate is still valid and one of this environment."
    )


def _endpoint(feed: Feed, context: FetchContext) -> Endpoint:
    """Address and certificates. A server's certificate is always verified; plain http is for this machine alone."""
    import mesh_client

    options = feed.connector.options
    chosen = context.environment.get(str(options.get("endpoint_from")), "").strip() or str(options.get("endpoint", ""))
    if chosen in NAMED:
        endpoint = {"live": mesh_client.LIVE_ENDPOINT, "int": mesh_client.INT_ENDPOINT, "dep": mesh_client.DEP_ENDPOINT}[chosen]
    else:
        parts = urlsplit(chosen)
        if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and is_this_machine(parts.hostname))):
            raise ConnectorError(
                f"{feed.id} can't be collected: connector.options.endpoint, or the variable that endpoint_from names, is neither one of "
                f"{', '.join(NAMED)} nor an https address: correct it."
            )
        endpoint = mesh_client.try_get_endpoint_from_url(chosen) or mesh_client.Endpoint(chosen, True, None, True, False)
    if endpoint.url.startswith("http://"):
        return endpoint._replace(verify=None)
    if options.get("ca_from"):
        authority = context.required(feed, "ca_from", "the file of the authority that signed MESH's certificate")
        _check_files(feed, (("ca_from", authority),))
        endpoint = endpoint._replace(verify=authority)
    if not options.get("cert_from"):
        return endpoint  # without one MESH refuses us, and we say so
    certificate = context.required(feed, "cert_from", "the file of the client certificate that MESH gave you")
    key_file = context.required(feed, "key_file_from", "the file of the certificate's private key")
    _check_files(feed, (("cert_from", certificate), ("key_file_from", key_file)))
    try:
        ssl.create_default_context().load_cert_chain(certificate, key_file)
    except ssl.SSLError:
        raise ConnectorError(
            f"{feed.id} can't be collected: {options['cert_from']} and {options['key_file_from']} are no certificate and its private key "
            "(PEM): correct them."
        ) from None
    return endpoint._replace(cert=(certificate, key_file))


def _check_files(feed: Feed, files: tuple[tuple[str, str], ...]) -> None:
    for option, path in files:
        try:
            with open(path, "rb"):  # noqa: PTH123 - only whether it can be read
                pass
        except OSError as error:
            variable = feed.connector.options[option]
            raise ConnectorError(f"{feed.id} can't be collected: {variable} names a file that can't be read ({error.strerror}).") from None


def _plain(feed: Feed, context: FetchContext, option: str, meaning: str) -> str:
    """A required value that can stand in a header: a library that met another would quote it."""
    value = context.required(feed, option, meaning)
    if not value.isascii() or not value.isprintable():
        raise ConnectorError(f"{feed.id} can't be collected: {context.option(feed, option)} is not {meaning} (it has other letters).")
    return value
