"""How an endpoint is told who we are, as it stands in `[endpoint.NAME.auth]`. The requests that follow from it are in auth.py."""
from __future__ import annotations

from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from adapter.delivery.address import base_address
from adapter.delivery.answer import BadAddress
from adapter.delivery.endpoints.secrets import Secret

SMALLEST = 2048  # bits of an RSA key, NIST SP 800-131A


def _https(said: str) -> str:
    try:
        base_address(said, plain_http=False)
    except BadAddress as error:
        raise ValueError(str(error).replace("server's address", "token endpoint's address")) from None
    return said.strip()


def _no_colon(said: str) -> str:
    if ":" in said:
        raise ValueError("may not hold a colon (RFC 7617): what comes after it would be taken for the password")
    return said


def _one_word(said: SecretStr) -> SecretStr:
    if not all("!" <= c <= "~" for c in said.get_secret_value()):
        raise ValueError("is not a token that a header can carry: plain characters only, no blank and no line break")
    return said


TokenUrl = Annotated[str, AfterValidator(_https)]
Text = Annotated[str, Field(min_length=1)]


class Method(BaseModel):
    """A way of saying who we are."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Nobody(Method):
    """Nothing is said."""

    kind: Literal["none"] = Field("none", description="Nothing is said of who we are.")


class Basic(Method):
    """A name and a password with every request (RFC 7617)."""

    kind: Literal["basic"] = Field(description="A name and a password go with every request (RFC 7617).")
    user: Annotated[Text, AfterValidator(_no_colon)] = Field(description="The name.")
    password: Secret = Field(description="The password: `env:NAME` or `file:PATH`.")


class Bearer(Method):
    """A token that somebody else keeps fresh (RFC 6750)."""

    kind: Literal["bearer"] = Field(description="A token goes with every request (RFC 6750); somebody else keeps it fresh.")
    token: Annotated[Secret, AfterValidator(_one_word)] = Field(description=(
        "The token: `env:NAME` or `file:PATH`; the file is read again when it changes."))


class ClientCredentials(Method):
    """OAuth2, RFC 6749 section 4.4, with a shared secret."""

    kind: Literal["client-credentials"] = Field(description="OAuth2 client credentials with a shared secret (RFC 6749, 4.4).")
    token_url: TokenUrl = Field(description="Where tokens are given out.")
    client_id: Text = Field(description="Our name there.")
    client_secret: Secret = Field(description="The secret: `env:NAME` or `file:PATH`.")
    scope: str = Field("", description="What is asked for, as the server names it; several with blanks between them.")
    send_as: Literal["header", "body"] = Field("header", description=(
        "Name and secret go in the `Authorization` header, or in the body for servers that want it so (RFC 6749, 2.3.1)."))


class PrivateKeyJwt(Method):
    """OAuth2 with an assertion that we sign (RFC 7523): NHS England's API platform, and SMART Backend Services."""

    kind: Literal["private-key-jwt"] = Field(description=(
        "OAuth2 with an assertion that we sign (RFC 7523): NHS England's API platform, SMART Backend Services."))
    token_url: TokenUrl = Field(description="Where tokens are given out. It is the `aud` of what we sign, to the letter.")
    client_id: Text = Field(description="`iss` and `sub`: at NHS England the application's API key, else the client id.")
    kid: Text = Field(description="The name of the public key in the key set that is registered there.")
    algorithm: Literal["RS512", "RS384", "ES384"] = Field(description="RS512 at NHS England; RS384 or ES384 for SMART Backend Services.")
    key: Secret = Field(description="The private key in PEM: `file:PATH` or `env:NAME`. RSA of 2048 bits or more; for ES384 P-384.")
    scope: str = Field("", description="Wanted by SMART Backend Services, such as `system/*.rs`; not by NHS England.")
    audience: str = Field("", description="Where the server wants another `aud` than the address of its token endpoint.")

    @field_validator("key")
    @classmethod
    def _fits(cls, key: SecretStr, info: ValidationInfo) -> SecretStr:
        try:
            made = load_pem_private_key(key.get_secret_value().encode(), None)
        except (ValueError, TypeError):
            raise ValueError("is no private key in PEM without a password: it begins with -----BEGIN PRIVATE KEY-----") from None
        if info.data.get("algorithm") == "ES384":
            if not isinstance(made, EllipticCurvePrivateKey) or not isinstance(made.curve, SECP384R1):
                raise ValueError("is no key for ES384: expected one on the curve P-384")
        elif not isinstance(made, RSAPrivateKey) or made.key_size < SMALLEST:
            raise ValueError(f"is no key for RS384 or RS512: expected RSA of {SMALLEST} bits or more")
        return key


Auth = Annotated[Nobody | Basic | Bearer | ClientCredentials | PrivateKeyJwt, Field(discriminator="kind")]
KINDS: dict[str, type[Method]] = {
    "none": Nobody, "basic": Basic, "bearer": Bearer, "client-credentials": ClientCredentials, "private-key-jwt": PrivateKeyJwt}
