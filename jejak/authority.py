"""The certificate of Kafka's outer listener, of an authority of this installation's own. A name in; PEM texts out."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

YEARS: Final = 10
DAY: Final = timedelta(days=1)


class Certified(NamedTuple):
    """`authority`: what OPDs trust; `server`: key and certificate of the listener. The authority's own key is thrown away."""

    authority: str
    server: str


def certify(site: str) -> Certified:
    ca_key, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    ca_name, now = _name(f"Jejak {site}"), datetime.now(UTC)
    ca = _begun(ca_name, ca_name, ca_key, now).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    server = (
        _begun(_name(site), ca_name, key, now)
        .add_extension(x509.SubjectAlternativeName([_told(site)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    signed = [made.sign(ca_key, SHA256()).public_bytes(Encoding.PEM).decode() for made in (ca, server)]
    return Certified(signed[0], pem.decode() + signed[1] + signed[0])


def _begun(name: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, now: datetime) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number(), now - DAY, now + 365 * YEARS * DAY)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _told(site: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(site))
    except ValueError:
        return x509.DNSName(site)
