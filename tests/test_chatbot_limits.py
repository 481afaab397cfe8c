import pytest

from chatbot.limits import KEY, Limits, Rates, caller_at


class Clock:
    """A clock that is set by hand, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def taken(limits: Limits, caller: str, cost: float = 1.0, most: int = 100_000) -> int:
    """How often `caller` gets something now."""
    return next(n for n in range(most) if limits.take(caller, cost))


def test_an_address_has_its_rate_and_gets_it_back_little_by_little() -> None:
    clock = Clock()
    limits = Limits(Rates(address_per_minute=30), clock)
    assert taken(limits, "a") == 30
    assert limits.take("a", 1.0) == pytest.approx(2.0)  # seconds
    clock.now += 1.9
    assert limits.take("a", 1.0) == pytest.approx(0.1)
    clock.now += 0.2
    assert taken(limits, "a") == 1
    clock.now += 3600
    assert taken(limits, "a") == 30


def test_one_does_not_use_up_what_another_has() -> None:
    limits = Limits(Rates(address_per_minute=5, programs_per_minute=7), Clock())
    assert [taken(limits, who) for who in ("a", "b", KEY)] == [5, 5, 7]


def test_all_together_have_a_rate_and_a_day() -> None:
    clock = Clock()
    rates = Rates(address_per_minute=10, total_per_minute=25, total_per_day=60)
    limits = Limits(rates, clock)
    assert [taken(limits, str(n)) for n in range(4)] == [10, 10, 5, 0]
    clock.now += 60
    assert [taken(limits, str(n)) for n in range(4)] == [10, 10, 5, 0]
    clock.now += 60
    assert sum(taken(limits, str(n)) for n in range(4)) == 10  # of the day's 60
    assert limits.take("new", 1.0) > 60
    clock.now += 86_400
    assert sum(taken(limits, str(n)) for n in range(4)) == 25


def test_who_is_refused_takes_nothing_from_the_others() -> None:
    limits = Limits(Rates(address_per_minute=2, total_per_minute=100), Clock())
    for _ in range(1000):
        limits.take("a", 1.0)
    assert sum(taken(limits, str(n)) for n in range(200)) == 98


def test_reading_costs_less_than_asking() -> None:
    limits = Limits(Rates(address_per_minute=3), Clock())
    assert taken(limits, "a", cost=0.1) in (29, 30)  # tenths are not exact


def test_callers_are_forgotten_but_not_while_it_would_help_them() -> None:
    clock = Clock()
    limits = Limits(Rates(address_per_minute=1, total_per_minute=10**6, total_per_day=10**9), clock)
    for number in range(30_000):
        limits.take(f"{number}", 1.0)
        clock.now += 0.01
    assert len(limits._callers) <= 10_001 + 6_000  # those of the last minute, and those since
    assert limits.take("29999", 1.0) > 0


def test_one_household_is_one_caller() -> None:
    assert (
        caller_at("2001:db8:1:2:3::4") == caller_at("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    )
    assert caller_at("2001:db8:1:3::4") != caller_at("2001:db8:1:2::4")
    assert caller_at("::ffff:192.0.2.1") == caller_at("192.0.2.1") == "192.0.2.1"
    assert caller_at("192.0.2.2") != caller_at("192.0.2.1")
