"""redbag.toml: what it says, everything wrong with it at once and where, no secret in any word, and what happens when it changes."""
from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import BaseModel, ValidationError

import adapter.examples
from adapter.delivery.endpoints import Endpoint, Live, NotConfigured, Quiet, StoreSettings, find, load
from adapter.delivery.endpoints.credentials import KINDS, Bearer
from adapter.delivery.endpoints.quiet import is_quiet, quiet_for
from adapter.faults import Refused
from tests.certificates import Authority, pem, private_file

CANARY = "hunter2-9990000018"
BASIC = '[endpoint.a]\nurl = "https://a.example/fhir"\n'
EXAMPLE = Path(adapter.examples.__path__[0]) / "redbag.toml"


def written(folder: Path, text: str) -> Path:
    path = folder / "redbag.toml"
    path.write_text(text)
    return path


def faults(folder: Path, text: str, environ: dict[str, str] | None = None) -> list[str]:
    """Every fault as "line: key: sentence", with the file's name left out."""
    with pytest.raises(Refused) as refused:
        load(written(folder, text), environ or {})
    assert CANARY not in str(refused.value) + repr(refused.value)
    assert all(fault.file in (str(folder / "redbag.toml"), "the environment") for fault in refused.value.found)
    return [f"{fault.line or '-'}: {fault.path}: {fault.says}" for fault in refused.value.found]


# ---- what it says ----------------------------------------------------------------------------------------------------------
def test_the_least_that_can_be_said(tmp_path: Path) -> None:
    config = load(written(tmp_path, BASIC), {})
    assert config.endpoint("a") == Endpoint(name="a", url="https://a.example/fhir")
    assert config.store == StoreSettings(database=str(tmp_path / "redbag.db"), keys=str(tmp_path / "redbag.keys"))


def test_the_example_says_everything_there_is(tmp_path: Path) -> None:
    """Every setting stands in it, used or as a comment; and it can be used, once the files and variables are there."""
    authority = Authority("nhs-root", tmp_path)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "certificates").mkdir()
    certificate, key = authority.certificate("ours")
    for path in (authority.file, certificate, key):
        path.rename(tmp_path / "certificates" / path.name)
    private_file(tmp_path / "certificates/assertion.pem", pem(rsa.generate_private_key(65537, 2048)))
    private_file(tmp_path / "certificates/smart.pem", pem(ec.generate_private_key(ec.SECP384R1())))
    private_file(tmp_path / "secrets/region-token", "abc\n")
    environ = {"ACUTE_PASSWORD": "x", "NHS_PROXY": "http://u:p@proxy.example:3128", "HOSPICE_SECRET": "y"}
    config = load(written(tmp_path, EXAMPLE.read_text(encoding="utf-8")), environ)
    assert config.endpoint("bars").path == "$process-message"
    assert {endpoint.auth.kind for endpoint in config.endpoints.values()} == set(KINDS)
    said = set(re.findall(r"^(?:# )?(\w+) = ", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)) | {"name", "path"}
    models: tuple[type[BaseModel], ...] = (StoreSettings, Endpoint, *KINDS.values())
    assert {name for model in models for name in model.model_fields} - said - {"kind", "token"} == set()


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    environ = {"REDBAG_DATABASE": "postgresql://db.example/redbag", "REDBAG_CAP_MB": "500", "REDBAG_KEYS": f"k1 {CANARY}"}
    config = load(written(tmp_path, f'[store]\ndatabase = "x.db"\nkeep_days = 7\n{BASIC}'), environ)
    assert (config.store.database, config.store.cap_mb, config.store.keep_days) == (environ["REDBAG_DATABASE"], 500, 7)
    assert config.store.keys == str(tmp_path / "redbag.keys")  # what the variable holds are the keys themselves
    assert CANARY not in repr(config)


def test_a_delivery_that_is_tried_without_end(tmp_path: Path) -> None:
    assert load(written(tmp_path, BASIC + 'expires_hours = "never"\n'), {}).endpoint("a").expires_hours is None


def test_what_is_made_by_hand_shows_no_value_where_it_is_wrong() -> None:
    with pytest.raises(ValidationError) as error:
        Endpoint(name="a", url=f"https://u:{CANARY}@a.example", auth=Bearer.model_construct(kind="bearer", token=CANARY))
    assert CANARY not in str(error.value)


def test_which_file_it_is() -> None:
    assert find(Path("x.toml"), {"REDBAG_CONFIG": "y.toml"}) == Path("x.toml")
    assert find(None, {"REDBAG_CONFIG": "y.toml"}) == Path("y.toml")
    assert find(None, {}) == Path("redbag.toml")


def test_an_endpoint_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    config = load(written(tmp_path, BASIC.replace("endpoint.a", "endpoint.acute")), {})
    with pytest.raises(NotConfigured, match=r"perhaps acute is meant; there are acute\. Name one of them"):
        config.endpoint("acut")


# ---- what is wrong with it -------------------------------------------------------------------------------------------------
EVERYTHING = f"""[store]
cap_mb = "{CANARY}"
databse = "{CANARY}"

[endpoint.acute]
url = "https://user:{CANARY}@a.example/fhir"
conncurrency = 3
rate = -1
quiet = ["{CANARY}"]
headers = {{ Authorization = "{CANARY}" }}

[endpoint.acute.auth]
kind = "private-key-jwt"
client_id = 3
algoritm = "{CANARY}"

[endpoint.b]
url = "{CANARY}"
auth = {{ kind = "{CANARY}" }}

[endpoints.c]
x = 1
"""


def test_everything_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    found = faults(tmp_path, EVERYTHING)
    assert [line.split(": ", 2)[:2] for line in found] == [
        ["2", "store.cap_mb"], ["3", "store.databse"], ["6", "endpoint.acute.url"], ["7", "endpoint.acute.conncurrency"],
        ["8", "endpoint.acute.rate"], ["9", "endpoint.acute.quiet"], ["10", "endpoint.acute.headers"],
        ["12", "endpoint.acute.auth.token_url"], ["12", "endpoint.acute.auth.kid"], ["12", "endpoint.acute.auth.algorithm"],
        ["12", "endpoint.acute.auth.key"], ["14", "endpoint.acute.auth.client_id"], ["15", "endpoint.acute.auth.algoritm"],
        ["18", "endpoint.b.url"], ["19", "endpoint.b.auth"], ["21", "endpoints.c"]]


AUTH = BASIC + "[endpoint.a.auth]\n"
JWT = AUTH + 'kind = "private-key-jwt"\ntoken_url = "https://t.example"\nclient_id = "c"\nkid = "k"\n'
WRONG = [
    (BASIC + "concurency = 4", ["3: endpoint.a.concurency: is no option of [endpoint.a]; perhaps concurrency is meant; they are url,"]),
    (BASIC + 'concurrency = "4x"', ["3: endpoint.a.concurrency: expected a whole number (how many deliveries"]),
    (BASIC + "concurrency = 0", ["3: endpoint.a.concurrency: expected 1 or more"]),
    (BASIC + "concurrency = 300", ["3: endpoint.a.concurrency: expected 256 or less"]),
    (BASIC + "rate = nan", ["3: endpoint.a.rate: expected a number"]),
    (BASIC + 'dialect = "fihr"', ["3: endpoint.a.dialect: expected one of: fhir, bars"]),
    (BASIC + "dialect = 4", ["3: endpoint.a.dialect: expected one of: fhir, bars"]),
    (BASIC + 'name = "b"', ["3: endpoint.a.name: is no option of [endpoint.a]: its name is what stands in the brackets"]),
    (BASIC + 'quiet = "22:00-06:00"', ["3: endpoint.a.quiet: expected a list, in [ ]"]),
    (BASIC + 'quiet = ["22:00-06:00", "6:00-7:00"]', ["3: endpoint.a.quiet: expected hours such as 22:00-06:00"]),
    (BASIC + 'quiet = ["22:00-24:00"]', ["3: endpoint.a.quiet: expected hours such as"]),
    (BASIC + 'quiet = ["22:00-22:00"]', ["3: endpoint.a.quiet: begins and ends at the same time"]),
    (BASIC + 'quiet = ["22:00-06:00 Europe/Londn"]', ["3: endpoint.a.quiet: the zone after the hours is not one"]),
    (BASIC + 'path = "/x"', ["3: endpoint.a.path: expected a path below the address"]),
    (BASIC + 'headers = { "X Y" = "a" }', ["3: endpoint.a.headers: has a name that no header can have"]),
    (BASIC + 'headers = { Apikey = "a\\nb" }', ["3: endpoint.a.headers: has a value under Apikey that no header can carry"]),
    (BASIC + 'headers = { X-Request-ID = "a" }', ["3: endpoint.a.headers: may not hold X-Request-ID"]),
    (BASIC + 'headers = { apikey = "env:APIKEY" }', ["3: endpoint.a.headers.apikey: the variable APIKEY is not set in the environment"]),
    (BASIC + 'proxy = "proxy:3128"', ["3: endpoint.a.proxy: expected http://HOST:PORT"]),
    (BASIC + 'ca = "nowhere.pem"', ["3: endpoint.a.ca: the file {folder}/nowhere.pem, where a certificate or key is"]),
    (BASIC + 'ca = "redbag.toml"', ["3: endpoint.a.ca: holds no certificate of an authority in PEM"]),
    (BASIC + 'certificate = "redbag.toml"', ["3: endpoint.a.certificate: cannot be used with its key"]),
    (BASIC + 'certificate = "both.pem"', ["3: endpoint.a.certificate: the file {folder}/both.pem can be read or written by everybody"]),
    (BASIC + 'expires_hours = "nver"', ["3: endpoint.a.expires_hours: expected a number (how long a delivery is tried"]),
    (BASIC + "expires_hours = 0", ["3: endpoint.a.expires_hours: expected more than 0"]),
    (BASIC + 'key = "open.pem"', ["3: endpoint.a.key: the file {folder}/open.pem can be read or written by everybody"]),
    (BASIC + 'key = "shut.pem"', ["1: endpoint.a.certificate: is missing, and there is a `key`"]),
    (BASIC + 'auth = "basic"', ["3: endpoint.a.auth: expected a table"]),
    (AUTH + 'user = "u"', ["3: endpoint.a.auth: needs `kind`, one of: none, basic, bearer, client-credentials, private-key-jwt"]),
    (AUTH + f'kind = "basic"\nuser = "u"\npassword = "{CANARY}"', ["6: endpoint.a.auth.password: a secret does not stand in this file"]),
    (AUTH + 'kind = "basic"\nuser = "a:b"\npassword = "env:SET"', ["5: endpoint.a.auth.user: may not hold a colon"]),
    (AUTH + 'kind = "bearer"\ntoken = "env:UNSET"', ["5: endpoint.a.auth.token: the variable UNSET is not set in the environment: set it"]),
    (AUTH + 'kind = "bearer"\ntoken = "env:LINES"', ["5: endpoint.a.auth.token: is not a token that a header can carry"]),
    (AUTH + 'kind = "bearer"\ntoken = "file:nowhere"', ["5: endpoint.a.auth.token: the file {folder}/nowhere, where the secret is"]),
    (AUTH + 'kind = "bearer"\ntoken = "file:empty"', ["5: endpoint.a.auth.token: the file {folder}/empty is empty"]),
    (AUTH + 'kind = "bearer"\ntoken = "file:open.pem"', ["5: endpoint.a.auth.token: the file {folder}/open.pem can be read"]),
    (AUTH + 'kind = "bearer"\ntoken = 7', ["5: endpoint.a.auth.token: expected a text, in quotes"]),
    (AUTH + 'kind = "bearer"\ntokn = "env:SET"', [
        "3: endpoint.a.auth.token: is missing: the token",
        "5: endpoint.a.auth.tokn: is no option of [endpoint.a.auth]; perhaps token is meant; they are kind, token"]),
    (JWT + 'algorithm = "RS256"\nkey = "env:SET"', ["8: endpoint.a.auth.algorithm: expected one of: RS512, RS384, ES384",
                                                    "9: endpoint.a.auth.key: is no private key in PEM"]),
    (JWT + 'algorithm = "ES384"\nkey = "env:RSA"', ["9: endpoint.a.auth.key: is no key for ES384: expected one on the curve P-384"]),
    (JWT + 'algorithm = "RS512"\nkey = "env:P256"', ["9: endpoint.a.auth.key: is no key for RS384 or RS512: expected RSA"]),
    (JWT + 'algorithm = "ES384"\nkey = "env:P256"', ["9: endpoint.a.auth.key: is no key for ES384"]),
    (JWT + 'algorithm = "RS512"\nkey = "env:SMALL"', ["9: endpoint.a.auth.key: is no key for RS384 or RS512"]),
    (JWT.replace("https://t.example", "http://t.example") + 'algorithm = "RS512"\nkey = "env:RSA"', [
        "5: endpoint.a.auth.token_url: t.example is not this machine: use https"]),
    (BASIC.replace("https", "http"), ["2: endpoint.a.url: a.example is not this machine: use https"]),
    ("[endpoint.a]\n", ["1: endpoint.a.url: is missing: the base address, `https://HOST/PATH`"]),
    ('[endpoint."a b"]\nurl = "https://a.example"', ["1: endpoint.a b.name: expected letters, digits"]),
    ('[endpoint]\nurl = "https://a.example"', ["1: endpoint: is not a table of endpoints: each begins with a line [endpoint.NAME]"]),
    ("endpoint = 3", ["1: endpoint: is not a table of endpoints"]),
    ("store = 3", ["1: store: is one value, and a table [store] is expected"]),
    ("[sotre]\nkeep_days = 3", ["1: sotre: is no section; perhaps store is meant; they are [store] and [endpoint.NAME]"]),
    ("[store]\nkeep_days = -1", ["2: store.keep_days: expected 0 or more"]),
    ('[store]\ndatabase = "env:UNSET"', ["2: store.database: the variable UNSET is not set in the environment"]),
    ("[store]\ndatabase = 3", ["2: store.database: expected a text, in quotes"]),
    ('[store]\nengine = "cron"', ["2: store.engine: expected one of: loop, dbos"]),
    ("[store\n", ["1: : is not TOML:"]),
]
ENVIRON = {"SET": "x", "LINES": "a\nb", "RSA": pem(rsa.generate_private_key(65537, 2048)),
           "P256": pem(ec.generate_private_key(ec.SECP256R1())),
           "SMALL": pem(rsa.generate_private_key(65537, 1024))}  # noqa: S505  # too small, as it shall be


@pytest.mark.parametrize(("text", "says"), WRONG, ids=lambda value: value[-40:] if isinstance(value, str) else "")
def test_one_thing_wrong(tmp_path: Path, text: str, says: list[str]) -> None:
    private_file(tmp_path / "shut.pem", "x")
    private_file(tmp_path / "empty", "\n")
    for name, held in (("open.pem", "x"), ("both.pem", "-----BEGIN PRIVATE KEY-----")):
        (tmp_path / name).write_text(held)
        (tmp_path / name).chmod(0o644)
    found = faults(tmp_path, text, ENVIRON)
    assert len(found) == len(says)
    for fault, start in zip(found, says, strict=True):
        assert fault.startswith(start.format(folder=tmp_path))


def test_what_the_environment_says_wrong_has_its_own_name(tmp_path: Path) -> None:
    assert faults(tmp_path, "[store]\ncap_mb = 100", {"REDBAG_CAP_MB": CANARY})[0].startswith("-: REDBAG_CAP_MB: expected a whole number")


@pytest.mark.parametrize(("differently", "says"), [
    ({"certificate": "nhs.pem"}, "certificate: does not belong to the key"),
    ({"key_password": "env:WRONG"}, "certificate: has a key that the password does not open"),
    ({"key_password": None}, "certificate: has a key that the password does not open"),
    ({}, ""),
])
def test_certificate_key_and_password_are_tried(tmp_path: Path, differently: dict[str, Any], says: str) -> None:
    Authority("nhs", tmp_path).certificate("ours", "open sesame")
    said = {"certificate": "ours.pem", "key": "ours.key", "key_password": "env:RIGHT", **differently}
    text = BASIC + "\n".join(f'{name} = "{value}"' for name, value in said.items() if value)
    environ = {"RIGHT": "open sesame", "WRONG": CANARY}
    if says:
        assert [fault.partition("endpoint.a.")[2][:len(says)] for fault in faults(tmp_path, text, environ)] == [says]
    else:
        assert load(written(tmp_path, text), environ).endpoint("a").certificate == tmp_path / "ours.pem"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"nowhere\.toml: cannot be read: write one \(docs/endpoints\.md says how\), or name it"):
        load(tmp_path / "nowhere.toml", {})


def test_no_secret_is_shown(tmp_path: Path) -> None:
    private_file(tmp_path / "token", CANARY)
    text = ('[store]\ndatabase = "env:DB"\n[endpoint.a]\nurl = "https://a.example"\nproxy = "env:PROXY"\nheaders = { apikey = "env:KEY" }\n'
            'auth = { kind = "bearer", token = "file:token" }\n')
    environ = {"DB": f"postgresql://u:{CANARY}@db.example/x", "PROXY": f"http://u:{CANARY}@p.example", "KEY": CANARY}
    config = load(written(tmp_path, text), environ)
    assert CANARY not in repr(config) + str(config) + repr(config.endpoint("a")) + str(config.store)
    assert CANARY in config.store.database


# ---- when it changes -------------------------------------------------------------------------------------------------------
class Running:
    """Somebody who runs for long, and whom things are told."""

    def __init__(self, folder: Path) -> None:
        self.said = list[str]()
        self.config = load(folder / "redbag.toml", {})
        self.live = Live(self.config, self.said.append, {})


def token_file(folder: Path) -> Path:
    private_file(folder / "token", "one")
    written(folder, BASIC + 'auth = { kind = "bearer", token = "file:token" }\n')
    return folder / "token"


def test_a_changed_file_is_taken_up(tmp_path: Path) -> None:
    written(tmp_path, BASIC)
    running = Running(tmp_path)
    assert running.live() is running.config
    assert not running.config.changed()
    written(tmp_path, BASIC + "concurrency = 3\n")
    assert running.config.changed()
    assert [running.live().endpoint("a").concurrency for _ in range(3)] == [3, 3, 3]
    assert len(running.said) == 1


def test_a_secret_that_changed_in_its_own_file_is_taken_up(tmp_path: Path) -> None:
    token, running = token_file(tmp_path), Running(tmp_path)
    private_file(token, "two")
    auth: Any = running.live().endpoint("a").auth
    assert auth.token.get_secret_value() == "two"


def test_what_did_not_change_stays_the_very_same(tmp_path: Path) -> None:
    """Another certificate under the same name is a change."""
    Authority("nhs", tmp_path)
    other = '[endpoint.b]\nurl = "https://b.example"\n'
    written(tmp_path, BASIC + 'ca = "nhs.pem"\n' + other)
    running = Running(tmp_path)
    Authority("nhs", tmp_path)
    assert running.live().endpoint("b") is running.config.endpoint("b")
    assert running.live().endpoint("a") != running.config.endpoint("a")
    now = running.live()
    written(tmp_path, BASIC + 'ca = "nhs.pem"\n')
    assert running.live().endpoint("a") is now.endpoint("a")
    assert list(running.live().endpoints) == ["a"]


@pytest.mark.parametrize("breaks", [
    lambda folder: written(folder, BASIC + f'concurrency = "{CANARY}"\n'),
    lambda folder: written(folder, "[endpoint"),
    lambda folder: (folder / "redbag.toml").unlink(),
    lambda folder: (folder / "token").unlink(),
    lambda folder: (folder / "token").write_text(""),
])
def test_a_broken_file_is_told_once_and_changes_nothing(tmp_path: Path, breaks: Callable[[Path], object]) -> None:
    token, text = token_file(tmp_path), (tmp_path / "redbag.toml").read_text()
    running = Running(tmp_path)
    breaks(tmp_path)
    assert [running.live() for _ in range(3)] == [running.config] * 3
    (said,) = running.said
    assert "what it said before stays in force until it is mended" in said
    assert CANARY not in said
    written(tmp_path, text + "# mended\n")
    private_file(token, "one")
    assert running.live().endpoint("a") == running.config.endpoint("a")
    assert len(running.said) == 2


def test_a_file_that_is_as_it_was_again_is_no_news(tmp_path: Path) -> None:
    """But if it is broken a second time, that is."""
    written(tmp_path, BASIC)
    running = Running(tmp_path)
    for _ in range(2):
        written(tmp_path, "[")
        running.live()
        written(tmp_path, BASIC)
        assert running.live() is running.config
    assert len(running.said) == 2


# ---- quiet hours -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("hours", "when", "quiet"), [
    ("22:00-06:00", "2026-01-10T21:59:59+00:00", False),
    ("22:00-06:00", "2026-01-10T22:00:00+00:00", True),
    ("22:00-06:00", "2026-01-11T05:59:59+00:00", True),
    ("22:00-06:00", "2026-01-11T06:00:00+00:00", False),
    ("22:00-06:00", "2026-07-10T20:59:59+00:00", False),  # summer: an hour later by UTC
    ("22:00-06:00", "2026-07-10T21:00:00+00:00", True),
    ("22:00-06:00", "2026-07-11T05:00:00+00:00", False),
    ("09:00-17:00", "2026-01-10T12:00:00+00:00", True),
    ("09:00-17:00", "2026-01-10T17:00:00+00:00", False),
    ("09:00-17:00 Europe/Paris", "2026-01-10T08:00:00+00:00", True),
    ("09:00-17:00 Europe/Paris", "2026-01-10T16:00:00+00:00", False),
    ("01:30-02:30", "2026-03-29T00:59:59+00:00", False),  # at one the clock is put to two: the half hour before is not there
    ("01:30-02:30", "2026-03-29T01:00:00+00:00", True),
    ("01:30-02:30", "2026-03-29T01:30:00+00:00", False),
    ("01:00-02:00", "2026-03-29T01:00:00+00:00", False),  # an hour that is not there
    ("01:30-01:45", "2026-10-25T00:30:00+00:00", True),  # at two the clock is put to one: half past one is there twice
    ("01:30-01:45", "2026-10-25T00:45:00+00:00", False),
    ("01:30-01:45", "2026-10-25T01:30:00+00:00", True),
    ("01:30-01:45", "2026-10-25T01:45:00+00:00", False),
])
def test_quiet_hours_are_those_of_the_clock_on_the_wall(hours: str, when: str, quiet: bool) -> None:
    assert is_quiet([Quiet.of(hours)], datetime.fromisoformat(when)) is quiet


@pytest.mark.parametrize(("hours", "when", "seconds"), [
    (["22:00-06:00"], "2026-01-10T12:00:00+00:00", 0),
    (["22:00-06:00"], "2026-01-10T23:00:00+00:00", 7 * 3600),
    (["22:00-06:00"], "2026-03-28T23:00:00+00:00", 6 * 3600),  # the night is an hour shorter
    (["22:00-06:00"], "2026-10-24T21:00:00+00:00", 9 * 3600),  # and longer
    (["22:00-23:00", "23:00-06:00"], "2026-01-10T22:30:00+00:00", 7.5 * 3600),
    (["01:30-01:45"], "2026-10-25T01:40:00+00:00", 300),
])
def test_when_it_is_quiet_no_more(hours: list[str], when: str, seconds: float) -> None:
    assert quiet_for([Quiet.of(each) for each in hours], datetime.fromisoformat(when)) == seconds


def test_quiet_for_ends_where_quiet_ends() -> None:
    """Over a year, both clock changes too: as long as it says, and not longer."""
    hours = [Quiet(time(22, 30), time(1, 30)), Quiet(time(1, 15), time(2, 15))]
    when = datetime(2026, 1, 1, tzinfo=UTC)
    while when.year == 2026:
        if left := quiet_for(hours, when):
            assert not is_quiet(hours, when + timedelta(seconds=left))
            assert is_quiet(hours, when + timedelta(seconds=left - 1))
        else:
            assert not is_quiet(hours, when)
        when += timedelta(minutes=397)
