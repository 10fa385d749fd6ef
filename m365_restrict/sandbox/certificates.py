"""The sandbox's own certification authority, its server certificate and the applications' certificates."""

from pathlib import Path

import trustme
from trustme import KeyType

_HOSTS = ("localhost", "127.0.0.1", "::1")


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(content)


def load_authority(state: Path) -> trustme.CA:
    """The authority in `state`, made on first use and kept over restarts, so trust handed out stays valid."""
    certificate, key = state / "ca.pem", state / "ca.key"
    if certificate.exists() and key.exists():
        return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
    authority = trustme.CA(organization_name="m365-restrict sandbox")
    write_private(key, authority.private_key_pem.bytes())
    write_private(certificate, authority.cert_pem.bytes())
    return authority


def issue_server_certificate(authority: trustme.CA, state: Path) -> Path:
    """A new certificate for the loopback names, with its key, as one PEM file."""
    path = state / "server.pem"
    write_private(path, authority.issue_cert(*_HOSTS).private_key_and_cert_chain_pem.bytes())
    return path


def application_certificate(authority: trustme.CA, state: Path, role: str) -> Path:
    """The PEM file with which an application signs in; RSA, as Entra ID demands (graph.md 8.3)."""
    path = state / f"{role}.pem"
    if not path.exists():
        issued = authority.issue_cert(f"{role}.apps.sandbox.example", key_type=KeyType.RSA)
        write_private(path, issued.private_key_and_cert_chain_pem.bytes())
    return path
