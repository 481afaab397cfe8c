"""How often may be asked: by one address, with the key, by all, and by all in a day. Knows no HTTP.

Considered: limits (its memory storage starts a thread for a request and goes by the wall clock),
and slowapi, which is built on it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_network

from pydantic import BaseModel, Field

from chatbot.proxies import parse_address

KEY = "key"
_DAY_SECONDS, _MINUTE_SECONDS = 86_400.0, 60.0
_MOST_REMEMBERED = 10_000
"""After so many callers those are forgotten who could ask as if they never had."""


class Rates(BaseModel, frozen=True):
    """Questions a minute from one address, with the key, and in all; and in all a day."""

    address_per_minute: int = Field(default=600, ge=1)
    programs_per_minute: int = Field(default=600, ge=1)
    total_per_minute: int = Field(default=1200, ge=1)
    total_per_day: int = Field(default=100_000, ge=1)


@dataclass(slots=True)
class Bucket:
    """Holds what may be spent at once and fills up again: a token bucket."""

    size: float
    seconds_to_fill: float
    filled_at: float
    spent: float = 0.0

    def wait_for(self, cost: float, now: float) -> float:
        """Return after how many seconds `cost` is in it; 0.0 is now."""
        a_second = self.size / self.seconds_to_fill
        self.spent = max(0.0, self.spent - (now - self.filled_at) * a_second)
        self.filled_at = now
        return max(0.0, (min(cost, self.size) - (self.size - self.spent)) / a_second)


class Limits:
    """What each has left. For one thread."""

    def __init__(self, rates: Rates, clock: Callable[[], float] = time.monotonic) -> None:
        self._rates, self._clock = rates, clock
        self._all = (
            Bucket(rates.total_per_minute, _MINUTE_SECONDS, clock()),
            Bucket(rates.total_per_day, _DAY_SECONDS, clock()),
        )
        self._callers: dict[str, Bucket] = {}

    def take(self, caller: str, cost: float) -> float:
        """Take `cost` questions for a caller; return 0.0, or, taking none, the seconds to wait."""
        now = self._clock()
        wait = max(bucket.wait_for(cost, now) for bucket in self._all)
        if wait:
            return wait
        own = self._bucket_of(caller, now)
        if wait := own.wait_for(cost, now):
            return wait
        for bucket in (own, *self._all):
            bucket.spent += cost
        return 0.0

    def _bucket_of(self, caller: str, now: float) -> Bucket:
        if caller not in self._callers:
            if len(self._callers) >= _MOST_REMEMBERED:
                recent = now - _MINUTE_SECONDS
                self._callers = {c: b for c, b in self._callers.items() if b.filled_at > recent}
            rates = self._rates
            size = rates.programs_per_minute if caller == KEY else rates.address_per_minute
            self._callers[caller] = Bucket(size, _MINUTE_SECONDS, now)
        return self._callers[caller]


def caller_at(address: str) -> str:
    """Return who an address is: itself, or of IPv6 its /64, all of which one household has."""
    parsed = parse_address(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed or address)
