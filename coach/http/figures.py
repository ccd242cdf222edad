"""A team's finished calls in figures: by seller, by objection, over time. Pure: calls in, figures out."""

import datetime
from collections.abc import Iterable
from typing import Any

from coach.http.models import Bucket, Figures, ObjectionFigures, PeriodFigures, SellerFigures, Tally
from coach.taxonomy import CATEGORIES, Outcome

SELLERS_MOST = 500


class Count:
    """Counts calls one by one; `figures()` tells what came out. At most `SELLERS_MOST` sellers are told apart."""

    def __init__(self, bucket: Bucket, utc_offset_min: int) -> None:
        """`utc_offset_min`: how many minutes the reader's clock is ahead of UTC; decides where a day begins."""
        self._bucket = bucket
        self._zone = datetime.timezone(datetime.timedelta(minutes=utc_offset_min))
        self._total = Tally()
        self._sellers: dict[str, SellerFigures] = {}
        self._talk: dict[str, list[float]] = {}
        self._objections = {category: ObjectionFigures(category=category) for category in CATEGORIES}
        self._periods: dict[datetime.date, PeriodFigures] = {}

    def add(self, seller: str, started_at: int, outcome: Outcome | None, summary: dict[str, Any]) -> None:
        """Count a call by its summary. `started_at`: Unix ms."""
        objections = summary["objections"]
        raised, handled = len(objections), _handled(objections)
        start = self._start(started_at)
        period = self._periods.setdefault(start, PeriodFigures(start=start))
        for tally in (self._total, period, self._of(seller, summary)):
            if tally is not None:
                tally.add(outcome, raised, handled)
        for category in dict.fromkeys(objection["category"] for objection in objections):
            same = [objection for objection in objections if objection["category"] == category]
            self._objections[category].add(outcome, len(same), _handled(same))
            before = period.objections.get(category, (0, 0))
            period.objections[category] = (before[0] + len(same), before[1] + _handled(same))

    def figures(self, *, complete: bool) -> Figures:
        """What was counted."""
        for name, ratios in self._talk.items():
            self._sellers[name].talk_ratio = round(sum(ratios) / len(ratios), 3)
        return Figures(
            total=self._total,
            sellers=sorted(self._sellers.values(), key=lambda figures: (-figures.calls, figures.seller)),
            objections=sorted(self._objections.values(), key=lambda figures: (-figures.raised, figures.category)),
            periods=[self._periods.get(start, PeriodFigures(start=start)) for start in self._starts()],
            complete=complete,
        )

    def _of(self, seller: str, summary: dict[str, Any]) -> SellerFigures | None:
        if seller not in self._sellers and len(self._sellers) >= SELLERS_MOST:
            return None
        metrics = summary["metrics"]
        if metrics.get("words_per_minute"):
            self._talk.setdefault(seller, []).append(metrics["talk_ratio"])
        return self._sellers.setdefault(seller, SellerFigures(seller=seller))

    def _start(self, started_at: int) -> datetime.date:
        day = datetime.datetime.fromtimestamp(started_at / 1000, self._zone).date()
        return day - datetime.timedelta(days=day.weekday()) if self._bucket == "week" else day

    def _starts(self) -> Iterable[datetime.date]:
        if not self._periods:
            return
        step = datetime.timedelta(days=7 if self._bucket == "week" else 1)
        start, last = min(self._periods), max(self._periods)
        while start <= last:
            yield start
            start += step


def _handled(objections: list[dict[str, Any]]) -> int:
    return sum(objection["status"] == "handled" for objection in objections)
