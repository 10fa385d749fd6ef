"""When the certificate ends that an application signs in with."""

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from m365_restrict.outcome import Unknown

_PEM = b"-----BEGIN CERTIFICATE-----"


def certificate_end(path: Path, password: str) -> datetime | Unknown:
    """When a certificate in a PEM or PKCS12 file ends; of several the first, which signs."""
    try:
        content = path.read_bytes()
        if _PEM in content:
            certificate = x509.load_pem_x509_certificates(content)[0]
        else:
            loaded = pkcs12.load_key_and_certificates(content, password.encode() or None)[1]
            if loaded is None:
                return Unknown(str(path), "the file holds no certificate")
            certificate = loaded
    except (OSError, ValueError, IndexError) as error:
        return Unknown(str(path), f"it cannot be read: {type(error).__name__}")
    return certificate.not_valid_after_utc
