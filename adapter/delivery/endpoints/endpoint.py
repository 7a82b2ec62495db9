"""An endpoint: one server on the NHS's side, how it is reached, how fast, with what, and what it may be told. docs/endpoints.md is printed
from the descriptions of these fields."""
from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, SecretStr, ValidationInfo, field_validator

from adapter.delivery.address import base_address
from adapter.delivery.answer import BadAddress
from adapter.delivery.endpoints import tls
from adapter.delivery.endpoints.credentials import Auth, Nobody
from adapter.delivery.endpoints.quiet import Quiet
from adapter.delivery.endpoints.secrets import File, PerhapsSecret, Secret, contents, private, surroundings, unreadable
from adapter.delivery.profiles import STU2, UK_CORE, Profiles
from adapter.faults import Refused

PATHS = {"fhir": "", "bars": "$process-message"}
TOLERATED = {"bars": ("fhir-profile",)}
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
OURS = frozenset({"authorization", "host", "content-type", "content-length", "transfer-encoding", "connection", "accept",
                  "accept-encoding", "x-request-id", "if-match", "if-none-exist", "if-none-match", "prefer"})


def _address(said: str) -> str:
    try:
        return base_address(said, plain_http=False)
    except BadAddress as error:
        raise ValueError(str(error)) from None


def _quiet(said: Any) -> Any:
    return tuple(Quiet.of(each) if isinstance(each, str) else each for each in said) if isinstance(said, list | tuple) else said


def _proxy(said: SecretStr) -> SecretStr:
    try:
        url = httpx.URL(said.get_secret_value())
    except httpx.InvalidURL:
        url = httpx.URL()
    if said.get_secret_value() != "none" and (url.scheme not in ("http", "https") or not url.host):
        raise ValueError("expected http://HOST:PORT or https://HOST:PORT, or none where the server is reached without one")
    return said


def _headers(said: dict[str, SecretStr]) -> dict[str, SecretStr]:
    for name, value in said.items():
        if not TOKEN.fullmatch(name):
            raise ValueError("has a name that no header can have: letters, digits and hyphens")
        if name.lower() in OURS:
            raise ValueError(f"may not hold {name}: that one is the adapter's own" + (
                "; say in [endpoint.NAME.auth] who we are" if name.lower() == "authorization" else ""))
        if not all(" " <= c <= "~" for c in value.get_secret_value()):
            raise ValueError(f"has a value under {name} that no header can carry: plain characters only, and no line break")
    return said


def _beside(said: Any, info: ValidationInfo) -> Any:
    around = surroundings(info)
    return tuple(around.file(each) if isinstance(each, str) else each for each in said) if isinstance(said, list | tuple) else said


def _never(said: Any) -> Any:
    return None if said == "never" else said


Hours = Annotated[float, Field(gt=0, le=24 * 366, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


class Endpoint(BaseModel):
    """One server on the NHS's side."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description=(
        "What it is called here: letters, digits, `.`, `_`, `-`. What waits for it, waits under this name."))
    url: Annotated[str, AfterValidator(_address)] = Field(description=(
        "The base address, `https://HOST/PATH`. Plain http is for this machine only."))
    dialect: Literal["fhir", "bars"] = Field("fhir", description=(
        "How its answers are to be understood: a FHIR server's, or those of England's Booking and Referral Standard."))
    path: str = Field("", validate_default=True, description=(
        "Where bundles are posted, below the address. Nothing for `fhir`, `$process-message` for `bars`."))
    form: Literal["json", "xml"] = Field("json", description="Which form of FHIR is sent and asked for; an answer may be in either.")
    patient: Literal["match", "create-if-missing", "upsert"] = Field("match", description=(
        "The Patient there: found by NHS number; made where there is none; or kept as our record says."))
    directory: Literal["logical", "existing", "own"] = Field("logical", description=(
        "Organisations, places and professionals: named by their identifier; looked up there; or sent, in a lane of their own."))
    dmd: Literal["https://dmd.nhs.uk", "http://snomed.info/sct"] = Field("https://dmd.nhs.uk", description=(
        "The code system under which it wants codes of dm+d."))
    disclosure: Literal["clinical", "restricted"] = Field("clinical", description=(
        "What it may be told of a bundle that somebody else made: with `clinical` one in which a resource is labelled R or V "
        "(`meta.security`, confidentiality) is refused, and nothing of it is accepted. A care record has no labels: nothing of one is held "
        "back."))
    sending: Literal["transaction", "batch", "single"] = Field("transaction", description=(
        "How a record travels: in one transaction, all of it or nothing; in batches, where the server takes no transactions; or one "
        "resource after the other. `redbag probe` finds out which."))
    definitions: Literal["ukcore-stu2-2.0.2", "ukcore-stu3-sequence"] = Field("ukcore-stu2-2.0.2", description=(
        "By which definitions of UK Core all that goes there is proven ([packages.md](packages.md)): those that are published, or its "
        "drafts. With the drafts, what nothing published has a profile for claims theirs in `meta.profile`: today that is the Bundle "
        "itself."))
    packages: Annotated[tuple[Path, ...], BeforeValidator(_beside)] = Field((), description=(
        'What it asks beyond UK Core: FHIR packages with profiles of its own, `["our-trust.tgz"]`, each over those before it. All that '
        'goes there is proven by them too ([packages.md](packages.md)).'))
    tolerate: tuple[str, ...] = Field((), validate_default=True, description=(
        'What is an error by these rules is sent all the same, and told: `["rule-id", ...]`, as each error has it in brackets '
        '([rules.md](rules.md)). Who has any other error is not sent. With `bars` always `fhir-profile` too, for a message claims profiles '
        'of that standard, which we do not have.'))
    most_entries: int = Field(500, ge=1, le=10_000, description="How many entries one bundle may have.")
    most_bytes: int | None = Field(None, ge=1_000, description="How large one bundle may be, in bytes; what is larger is split.")
    concurrency: int = Field(8, ge=1, le=256, description="How many deliveries may be under way to it at the same moment.")
    rate: float | None = Field(None, gt=0, le=10_000, allow_inf_nan=False, description=(
        "Requests a second, over all workers on all machines. NHS England's API platform allows 5 for one application and API."))
    quiet: Annotated[tuple[Quiet, ...], BeforeValidator(_quiet)] = Field((), description=(
        'Hours in which only what is urgent is sent, such as `["22:00-06:00"]` by the clock of Europe/London, or of a zone named after '
        'them: `"22:00-06:00 Europe/Paris"`.'))
    expires_hours: Annotated[Hours | None, BeforeValidator(_never)] = Field(336, description=(
        'How long a delivery is tried before a person is told that it did not arrive; `"never"`: without end.'))
    seconds: Seconds = Field(90, description="How long everything about one resident may take in one attempt.")
    connect_seconds: Seconds = Field(10, description="How long to wait for a connection.")
    silence_seconds: Seconds = Field(35, description=(
        "How long to wait between two pieces of an answer. An NHS service may take 29 s over a write that succeeds."))
    whole_seconds: Seconds = Field(120, description="How long a whole answer may take.")
    proxy: Annotated[PerhapsSecret, AfterValidator(_proxy)] | None = Field(None, description=(
        "Through which proxy it is reached, `http://HOST:PORT`; one with a password is `env:NAME` or `file:PATH`. `none`: through none. "
        "Where it is left out, HTTPS_PROXY and NO_PROXY of the environment count."))
    ca: File | None = Field(None, description=(
        "A PEM file with the authorities that are trusted to vouch for it, and no others. Left out: those this machine trusts."))
    key: File | None = Field(None, description="The private key of our certificate, PEM; where it is not in the same file.")
    key_password: Secret | None = Field(None, description="Its password: `env:NAME` or `file:PATH`.")
    certificate: File | None = Field(None, validate_default=True, description=(
        "Our own certificate, PEM, for a server that asks for one (mutual TLS), with those that lead to its authority after it."))
    headers: Annotated[dict[str, PerhapsSecret], AfterValidator(_headers)] = Field(default_factory=dict, description=(
        'What goes with every request besides, such as `{ "NHSD-End-User-Organisation-ODS" = "Y99901" }`; what is secret as `env:NAME` '
        'or `file:PATH`.'))
    auth: Auth = Field(default_factory=lambda: Nobody(kind="none"), description="Who we are: a table of its own, see below.")

    _held: str = PrivateAttr("")  # what the files hold: with another certificate it is another endpoint
    _profiles: Profiles = PrivateAttr(UK_CORE)

    def model_post_init(self, context: Any, /) -> None:
        self._held = contents(path for path in (self.ca, self.key, self.certificate) if path)
        self._profiles = Profiles.of((self.definitions,), self.packages)

    @property
    def profiles(self) -> Profiles:
        """By which what goes there is proven; what its packages say is as it was when this was read."""
        return self._profiles

    def asking(self, profiles: Profiles) -> Endpoint:
        """The same, and proven by others."""
        other = self.model_copy()
        other._profiles = profiles
        return other

    @field_validator("path")
    @classmethod
    def _posted(cls, said: str, info: ValidationInfo) -> str:
        if said.startswith("/") or any(c in said for c in "?#\\ ") or ".." in said:
            raise ValueError("expected a path below the address, without / in front and without a query, such as $process-message")
        return said or PATHS.get(info.data.get("dialect", ""), "")

    @field_validator("packages")
    @classmethod
    def _proving(cls, said: tuple[Path, ...], info: ValidationInfo) -> tuple[Path, ...]:
        """One by one, to say which of them it is."""
        for n, path in enumerate(said, 1):
            try:
                Profiles.of((info.data.get("definitions", STU2),), said[:n])
            except Refused as refused:
                raise ValueError(f"the file {path} is no package to prove by: {'; '.join(map(str, refused.found))}") from None
            except OSError as error:
                raise ValueError(unreadable(path, "a FHIR package", error)) from None
        return said

    @field_validator("tolerate")
    @classmethod
    def _tolerated(cls, said: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if said and {"definitions", "packages"} <= info.data.keys():  # else they are at fault, and said to be
            from adapter.delivery.proving import rule_named  # the check, and its definitions, only for whoever names a rule

            profiles = Profiles.of((info.data["definitions"],), info.data["packages"])
            said = tuple(rule_named(each, profiles) for each in said)
        return tuple(dict.fromkeys((*said, *TOLERATED.get(info.data.get("dialect", ""), ()))))

    @field_validator("ca")
    @classmethod
    def _trusted(cls, ca: Path | None) -> Path | None:
        if ca:
            tls.trusting(ca)
        return ca

    @field_validator("key")
    @classmethod
    def _private(cls, key: Path | None) -> Path | None:
        if key:
            private(key)
        return key

    @field_validator("certificate")
    @classmethod
    def _ours(cls, certificate: Path | None, info: ValidationInfo) -> Path | None:
        key = info.data.get("key")
        if certificate is None and key:
            raise ValueError("is missing, and there is a `key`: name the certificate that was made for it")
        if certificate and b"PRIVATE KEY" in certificate.read_bytes():
            private(certificate)
        if certificate and {"key", "key_password"} <= info.data.keys():  # else they are at fault, and said to be
            tls.showing(tls.trusting(None), certificate, key, info.data["key_password"])
        return certificate
