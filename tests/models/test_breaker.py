"""The breaker: closed until it fails, one probe at a time, and never shut for good."""

from hypothesis import given
from hypothesis import strategies as st

from coach.suggest.breaker import FAILURES, OPEN_MOST_S, OPEN_S, Breaker

steps = st.lists(
    st.tuples(
        st.floats(0, 200),
        st.sampled_from(["answered", "failed", "lasting", "asked to wait", "abandoned"]),
    ),
    max_size=60,
)


def test_it_opens_after_three_failures_and_probes_once() -> None:
    breaker = Breaker()
    for now in map(float, range(FAILURES)):
        assert breaker.allows(now) and breaker.state(now) == "closed"
        breaker.began(now)
        breaker.failed(now)
    now = FAILURES - 1.0
    assert breaker.state(now) == "open" and not breaker.allows(now + OPEN_S - 0.1)
    now += OPEN_S
    assert breaker.state(now) == "half_open" and breaker.allows(now)
    breaker.began(now)
    assert not breaker.allows(now)
    breaker.failed(now)
    assert not breaker.allows(now + 2 * OPEN_S - 0.1) and breaker.allows(now + 2 * OPEN_S)
    breaker.began(now + 2 * OPEN_S)
    breaker.answered()
    assert breaker.state(now) == "closed"


def test_a_probe_that_is_given_up_leaves_room_for_the_next() -> None:
    breaker = Breaker()
    breaker.began(0)
    breaker.failed(0, lasting=True)
    breaker.began(OPEN_S)
    breaker.abandoned()
    assert breaker.allows(OPEN_S)


def test_what_the_provider_asks_for_is_kept() -> None:
    breaker = Breaker()
    breaker.began(0)
    breaker.failed(0, retry_after_s=30)
    assert not breaker.allows(29.9) and breaker.allows(30)


@given(steps)
def test_whatever_happens_it_asks_again_within_its_longest_time(history: list[tuple[float, str]]) -> None:
    breaker, now = Breaker(), 0.0
    for after, what in history:
        now += after
        if not breaker.allows(now):
            assert breaker.state(now) == "open"
            continue
        breaker.began(now)
        if what == "answered":
            breaker.answered()
            assert breaker.allows(now)
        elif what == "abandoned":
            breaker.abandoned()
        else:
            breaker.failed(now, lasting=what == "lasting", retry_after_s=20.0 if what == "asked to wait" else None)
            assert what == "failed" or not breaker.allows(now)
    assert breaker.allows(now + OPEN_MOST_S)


@given(st.lists(st.booleans(), max_size=40))
def test_fewer_than_three_failures_in_a_row_never_open_it(outcomes: list[bool]) -> None:
    breaker, row = Breaker(), 0
    for now, good in enumerate(outcomes):
        if not good and row == FAILURES - 1:
            continue
        row = 0 if good else row + 1
        breaker.began(now)
        breaker.answered() if good else breaker.failed(now)
        assert breaker.state(now) == "closed"
