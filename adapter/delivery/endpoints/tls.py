"""Whom we trust and who we are, below HTTP: one TLS context for a server, its token endpoint and nothing else."""
from __future__ import annotations

import ssl
from pathlib import Path

import httpx
from pydantic import SecretStr


def trusting(ca: Path | None) -> ssl.SSLContext:
    """With `ca`, only the authorities in that file; without, those this machine trusts. Raises ValueError."""
    if ca is None:
        context = httpx.create_ssl_context()  # with Mozilla's list, where a slim machine has none of its own
        context.load_default_certs()
        return context
    try:
        return ssl.create_default_context(cafile=str(ca))
    except (ssl.SSLError, OSError):
        raise ValueError("holds no certificate of an authority in PEM: it begins with -----BEGIN CERTIFICATE-----") from None


def showing(context: ssl.SSLContext, certificate: Path, key: Path | None, password: SecretStr | None) -> ssl.SSLContext:
    """The context, with a certificate of ours. Raises ValueError."""
    said = password.get_secret_value() if password else ""
    try:
        context.load_cert_chain(certificate, key, lambda: said)  # a function, or OpenSSL would ask at the terminal
    except (ssl.SSLError, OSError) as error:
        raise ValueError(_why(error, (key or certificate).read_bytes())) from None
    return context


def _why(error: OSError, key: bytes) -> str:
    if "MISMATCH" in (getattr(error, "reason", "") or ""):
        return "does not belong to the key: expected the certificate that was made for it"
    if b"ENCRYPTED" in key:  # OpenSSL says no more than that it is wrong
        return "has a key that the password does not open: look at `key_password`"
    return "cannot be used with its key: expected both in PEM, the certificate with those that lead to its authority after it"
