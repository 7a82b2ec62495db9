"""Authorities, certificates and keys that are made for one test run, and for names of this machine alone."""
from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def pem(key: Key, password: str = "") -> str:
    how = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()


def private_file(path: Path, text: str) -> Path:
    """For its owner only."""
    path.write_text(text)
    path.chmod(0o600)
    return path


class Authority:
    """Vouches for names. `file` holds its certificate."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder, self.file, self.key = name, folder, folder / f"{name}.pem", ec.generate_private_key(ec.SECP256R1())
        made = self._signed(name, self.key, x509.BasicConstraints(ca=True, path_length=None), days=2)
        self.file.write_bytes(made.public_bytes(Encoding.PEM))

    def certificate(self, name: str, password: str = "", days: float = 1) -> tuple[Path, Path]:
        """The files of a certificate for this machine, and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._signed(name, key, x509.BasicConstraints(ca=False, path_length=None), days)
        file = self.folder / f"{name}.pem"
        file.write_bytes(made.public_bytes(Encoding.PEM))
        return file, private_file(self.folder / f"{name}.key", pem(key, password))

    def _signed(self, name: str, key: ec.EllipticCurvePrivateKey, basic: x509.BasicConstraints, days: float) -> x509.Certificate:
        now, said = datetime.now(UTC), lambda who: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)])
        known = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        return (x509.CertificateBuilder().subject_name(said(name)).issuer_name(said(self.name)).public_key(key.public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(now - timedelta(days=2)).not_valid_after(now + timedelta(days=days))
                .add_extension(basic, critical=True).add_extension(x509.SubjectAlternativeName(known), critical=False)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
                .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=basic.ca, crl_sign=basic.ca, content_commitment=False,
                                             key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
                                             decipher_only=False), critical=True)
                .sign(self.key, hashes.SHA256()))
