"""The rules of lanes and deliveries, as tables: first match wins."""
from __future__ import annotations

import pytest

from adapter.delivery.dialects.decision import About, Means
from adapter.delivery.store import rules
from adapter.delivery.store.rules import Known

OLD, NEW = "2026-01-01T08:00:00Z", "2026-01-02T08:00:00Z"
LATEST = Known(7, "same", as_of=OLD)
REFUSED = Known(7, "same", dead=True, as_of=OLD)


@pytest.mark.parametrize(("hash_", "event", "as_of", "older", "latest", "same_event", "became", "delivery"), [
    ("any", None, None, False, None, None, "accepted", None),
    ("same", None, NEW, False, LATEST, None, "repeat", 7),
    ("same", None, NEW, False, REFUSED, None, "accepted", None),  # it was refused: sent again, it is tried again
    ("other", None, NEW, False, LATEST, None, "accepted", None),
    ("other", None, OLD, False, LATEST, None, "accepted", None),  # of the same time
    ("other", None, OLD, False, Known(7, "same", as_of=NEW), None, "older", None),
    ("other", None, OLD, True, Known(7, "same", as_of=NEW), None, "accepted", None),  # it is meant
    ("other", None, None, False, LATEST, None, "accepted", None),  # nothing is certain of what has no time
    ("same", None, OLD, False, Known(7, "same", as_of=NEW), None, "repeat", 7),
    ("same", "key", OLD, False, LATEST, None, "accepted", None),  # a new event, whatever it says
    ("same", "key", OLD, False, LATEST, Known(3, "same"), "repeat", 3),
    ("same", "key", OLD, False, Known(9, "other", as_of=NEW), Known(3, "same"), "repeat", 3),  # told again, however late
    ("same", "key", NEW, False, LATEST, Known(3, "same", dead=True), "repeat", 3),  # its event is known: it is replayed, not accepted anew
    ("other", "key", NEW, False, LATEST, Known(3, "same", dead=True), "conflict", 3),
])
def test_what_is_asked_for_becomes(
    hash_: str, event: str | None, as_of: str | None, older: bool, latest: Known | None, same_event: Known | None, became: str,
    delivery: int | None,
) -> None:
    for kind in ("change", "complete", "retraction"):
        taken = rules.taken(kind, hash_, event, as_of, older, latest, same_event)  # type: ignore[arg-type]
        assert (taken.became, taken.delivery) == (became, delivery)
        assert taken.whole == (became == "accepted" and kind != "change")
        assert bool(taken.says) == (became != "accepted")


def test_an_older_record_is_refused_with_both_times() -> None:
    says = rules.taken("complete", "other", None, OLD, False, Known(7, "same", as_of=NEW), None).says
    assert OLD in says
    assert NEW in says


@pytest.mark.parametrize(("held", "whole", "after"), [
    ("", True, ""), ("", False, ""), ("dead", True, ""), ("dead", False, "dead"), ("hand", True, "hand"), ("restored", True, "restored"),
])
def test_what_is_whole_passes_a_refused_one_and_no_persons_word(held: rules.Held, whole: bool, after: str) -> None:
    assert rules.held_after(held, whole) == after


@pytest.mark.parametrize(("means", "about", "state", "counted"), [
    (Means.DELIVERED, About.DELIVERY, "done", True),
    (Means.DELIVERED, About.ENDPOINT, "done", True),
    (Means.DEAD, About.DELIVERY, "dead", True),
    (Means.PERSON, About.DELIVERY, "dead", True),
    (Means.RETRY, About.DELIVERY, "queued", True),
    (Means.RETRY, About.ENDPOINT, "queued", False),
    (Means.AMBIGUOUS, About.DELIVERY, "queued", True),
    (Means.AMBIGUOUS, About.ENDPOINT, "queued", False),
])
def test_an_attempt_settles_its_delivery_as(means: Means, about: About, state: str, counted: bool) -> None:
    assert rules.settled(means, about) == rules.Settled(state, counted)  # type: ignore[arg-type]


@pytest.mark.parametrize(("held", "state", "following", "after"), [
    ("", "done", None, ("idle", "")),
    ("", "done", "change", ("active", "")),
    ("", "queued", "change", ("active", "")),
    ("", "dead", None, ("held", "dead")),  # what comes next must not go without it being looked at
    ("", "dead", "change", ("held", "dead")),
    ("", "dead", "complete", ("active", "")),
    ("", "dead", "retraction", ("active", "")),
    ("hand", "done", "change", ("held", "hand")),
    ("hand", "dead", "complete", ("held", "hand")),
    ("restored", "queued", "change", ("held", "restored")),
])
def test_then_the_lane_is(held: rules.Held, state: str, following: str | None, after: tuple[str, str]) -> None:
    assert rules.lane_after(held, state, following) == after  # type: ignore[arg-type]


@pytest.mark.parametrize(("state", "payload", "later", "why"), [
    ("dead", True, [], ""),
    ("dead", True, [("change", "queued", False)], ""),
    ("dead", True, [("complete", "dead", False)], "was refused too"),
    ("dead", True, [("change", "dead", False)], "was refused too"),
    ("dead", True, [("change", "done", False)], "gone out since"),
    ("dead", True, [("change", "queued", True)], "gone out since"),
    ("dead", True, [("complete", "queued", False)], "makes it needless"),
    ("dead", True, [("retraction", "queued", False)], "makes it needless"),
    ("dead", False, [], "no longer kept"),
    ("queued", True, [], "only a delivery that was refused"),
    ("done", True, [], "only a delivery that was refused"),
])
def test_a_delivery_can_be_replayed_unless(state: str, payload: bool, later: list[tuple[str, str, bool]], why: str) -> None:
    said = rules.cannot_replay(state, payload, later)  # type: ignore[arg-type]
    assert why in said
    assert bool(why) == bool(said)


@pytest.mark.parametrize(("attempt", "longest"), [(0, 1.0), (1, 2.0), (2, 4.0), (9, 512.0), (10, 600.0), (5000, 600.0)])
def test_pauses_double_up_to_ten_minutes_and_are_spread_over_all_of_it(attempt: int, longest: float) -> None:
    assert rules.pause(attempt, lambda: 1.0) == longest
    assert rules.pause(attempt, lambda: 0.25) == longest / 4


@pytest.mark.parametrize(("seconds", "attempts", "last", "says"), [
    (72 * 3600, 0, [], "its time ran out, 3 days after it was accepted; it was not tried"),
    (3 * 3600, 1, ["It was busy."], "its time ran out, 3 hours after it was accepted; it was tried once; the last time: It was busy."),
    (600, 4, [], "its time ran out, 10 minutes after it was accepted; it was tried 4 times"),
    (5, 0, [], "its time ran out, 5 seconds after it was accepted; it was not tried"),
])
def test_a_delivery_whose_time_ran_out_says_so(seconds: float, attempts: int, last: list[str], says: str) -> None:
    assert rules.expired(100.0, 100.0 + seconds, attempts, last) == says


def test_a_key_is_of_the_lane_what_was_before_and_what_is_said() -> None:
    keys = {rules.state_key(*each) for each in [
        ("a", "one", None, "x"), ("b", "one", None, "x"), ("a", "two", None, "x"), ("a", "one", 1, "x"), ("a", "one", None, "y")]}
    assert len(keys | {rules.event_key("a", "x"), rules.event_key("b", "x")}) == 7
    assert rules.state_key("a", "one", 1, "x") == rules.state_key("a", "one", 1, "x")
