"""The arithmetic of a bill, apart from the crate and with exact fractions: worksheets.py uses it.

A billing clerk's way: energy is sorted into the hours of a band, and tiers are cut off the total of the month or
year, never settlement by settlement.
"""
from datetime import datetime, timedelta
from fractions import Fraction as F
import math

def f(text):
    return F(str(text))

def at(text):
    day, clock = text.split()
    if clock == "24:00":
        return at(day + " 00:00") + timedelta(days=1)
    return datetime.strptime(text, "%Y-%m-%d %H:%M")

def dec(value):
    """An exact decimal; every amount here is one."""
    value = F(value)
    sign, value = ("-" if value < 0 else ""), abs(value)
    digits = 0
    while (value * 10 ** digits).denominator != 1:
        digits += 1
        assert digits <= 12, value
    whole = str(int(value * 10 ** digits)).rjust(digits + 1, "0")
    return sign + (whole if digits == 0 else whole[:-digits] + "." + whole[-digits:])

def money(micro):
    """Whole micro-yuan with all six digits."""
    sign = "-" if micro < 0 else ""
    return f"{sign}{abs(micro) // 10**6}.{abs(micro) % 10**6:06}"

UNITS = {"kWh": "yuan/kWh", "kW": "yuan/kW", "yuan": "%"}

class Sheet:
    """One bill. `legs` maps a name to `payer -> payee`; `step` is the settlement interval in minutes."""

    def __init__(self, name, about, legs, step=5, month="0", year="0", held=None):
        self.name, self.about, self.legs, self.step = name, about, legs, step
        self.month, self.year, self.held = f(month), f(year), held
        self.seen, self.moves, self.facts, self.rows, self.tail = [], [], [], {}, []

    def daily(self, first, last, *spans):
        """The same movements on each day: spans are `HH:MM HH:MM kWh`."""
        for span in spans:
            start, end, kwh = span.split()
            self.seen.append(f"daily {first} to {last}  {start} to {end}  {kwh} kWh")
        day = at(first + " 00:00")
        while day <= at(last + " 00:00"):
            text = day.strftime("%Y-%m-%d ")
            for span in spans:
                start, end, kwh = span.split()
                self.moves.append((at(text + start), at(text + end), f(kwh)))
            day += timedelta(days=1)
        return self

    def fact(self, when, what, value, unit="yuan/kWh"):
        self.seen.append(f"from {when}  {what} {value} {unit}".rstrip())
        self.facts.append((at(when), what, {"on": F(1), "off": F(0)}.get(value) if unit == "" else f(value)))
        return self

    def last(self, what, when):
        known = [fact for fact in self.facts if fact[1] == what and fact[0] <= when]
        return max(known, key=lambda fact: fact[0], default=None)

    def signal(self, what, when, minutes, default, low=-1000, high=1000):
        """A signal older than so many minutes gives the default; a younger one is moved into its clamp."""
        fact = self.last(what, when)
        if fact is None or when - fact[0] > timedelta(minutes=minutes):
            return f(default)
        return min(max(fact[2], f(low)), f(high))

    def event(self, what, when, hours):
        return self.signal(what, when, 60 * hours, 0) == 1

    def quantity(self, what, when):
        return self.last(what, when)[2]

    def row(self, leg, item, price, amount, quantity="energy", unit="kWh"):
        key = (leg, item, quantity, unit, f(price))
        self.rows[key] = self.rows.get(key, F(0)) + amount

    def pieces(self):
        """Movements cut at each settlement boundary at which something can change: half hours, facts, ages."""
        for start, end, kwh in sorted(self.moves):
            marks = {start, end} | {mark for mark in self.marks if start < mark < end}
            half = start.replace(minute=start.minute // 30 * 30) + timedelta(minutes=30)
            while half < end:
                marks.add(half)
                half += timedelta(minutes=30)
            marks = sorted(marks)
            for one, other in zip(marks, marks[1:]):
                part = kwh * ((other - one) / timedelta(minutes=1)).__int__() / int((end - start) / timedelta(minutes=1))
                assert (part * 10**6).denominator == 1, (self.name, one, part)
                yield one, other, part

    def bill(self, prices, ladder=None, monthly=None, each=None, ages=()):
        """`prices(when)` lists (leg, item, price); `ladder` is (leg, item, basis, [(limit, adder)])."""
        self.marks = {fact[0] for fact in self.facts} | {
            fact[0] + timedelta(minutes=age + self.step) for fact in self.facts for age in ages}
        totals = {}
        for start, end, kwh in self.pieces():
            for leg, item, price in prices(start):
                self.row(leg, item, price, kwh)
            for basis, key in (("month", start.strftime("%Y-%m")), ("year", start.strftime("%Y"))):
                totals.setdefault((basis, key), [start, F(0)])[1] += kwh
            for line in each(start) if each else ():
                self.row(*line)
            if monthly and end.day == 1 and end.hour == end.minute == 0:
                for line in monthly(start):
                    self.row(*line)
        if ladder:
            self.tiers(totals, *ladder)
        return self

    def tiers(self, totals, leg, item, basis, table):
        first = True
        for (kind, _), (start, total) in totals.items():
            if kind != basis:
                continue
            begun = (self.month if basis == "month" else self.year) if first else F(0)
            first = False
            low = F(0)
            for limit, adder in table:
                high = f(limit) if limit else begun + total
                part = min(high, begun + total) - max(low, begun)
                if part > 0:
                    self.row(leg, item, adder, part)
                low = high

    def prepaid(self, leg, price, amount, again):
        """Follows the hold through each settlement; only for energies whose amounts are whole micro-yuan."""
        held, posted, asked = f(self.held), F(0), F(0)
        for start, end, kwh in sorted(self.moves):
            count = int((end - start) / timedelta(minutes=self.step))
            for _ in range(count):
                due = kwh / count * f(price)
                assert (due * 10**6).denominator == 1
                take = min(held, due)
                held, posted = held - take, posted + take
                if held < f(again):
                    held, asked = held + f(amount), asked + f(amount)
        self.tail.append(f"prepaid {dec(posted)} yuan from the hold, {dec(asked)} yuan put on hold, {dec(held)} yuan left")
        return self

    def text(self):
        lines = [f"# {self.about}", f"contract {self.name}"]
        if self.month or self.year:
            lines.append(f"before month {dec(self.month)} kWh, year {dec(self.year)} kWh")
        if self.held:
            lines.append(f"held {self.held} yuan")
        lines += self.seen
        order = list(self.legs)
        items = list(dict.fromkeys(key[1:3] for key in self.rows))
        rows = sorted(self.rows.items(), key=lambda row: (order.index(row[0][0]), items.index(row[0][1:3])))
        for leg, wallets in self.legs.items():
            lines += ["", f"leg {leg}: {wallets}"]
            exact = F(0)
            for (of, item, quantity, unit, price), amount in rows:
                if of != leg or amount == 0:
                    continue
                due = amount * price
                exact += due
                rate = dec(price * 100 if unit == "yuan" else price)
                what = item if quantity == "energy" else f"{item} {quantity}"
                lines.append(f"row {what:<28} {dec(amount):>14} {unit:<4} × {rate:>10} {UNITS[unit]:<8} = {dec(due):>20} yuan")
            micro = math.floor(exact * 10**6)
            carry = dec((exact * 10**6 - micro) * 10**6)
            lines.append(f"sum {dec(exact)} yuan: {money(micro)} yuan and {carry} pico-yuan to carry; in fen {micro // 10**4}")
        return "\n".join(lines + [""] * bool(self.tail) + self.tail) + "\n"

def band(when, windows):
    """The first of the windows that holds, in the order critical, deep, peak, valley; flat otherwise."""
    minute = when.hour * 60 + when.minute
    for name in ("critical", "deep", "peak", "valley"):
        for span in windows.get(name, "").split():
            start, end = (int(clock[:2]) * 60 + int(clock[3:]) for clock in span.split("-"))
            if start <= minute < end or (end <= start and (minute >= start or minute < end)):
                return name
    return "flat"

def clamp(value, low, high):
    return min(max(value, f(low)), f(high))

def half_up(value, unit):
    return math.floor(f(value) / f(unit) + F(1, 2)) * f(unit)

def dates(text):
    """Dates as `10-01..10-07 02-15`."""
    found = set()
    for span in text.split():
        first, _, last = span.partition("..")
        day = at(f"2026-{first} 00:00")
        while day <= at(f"2026-{last or first} 00:00"):
            found.add((day.month, day.day))
            day += timedelta(days=1)
    return found

GRID = "customer-bill -> grid-income"
FUND = "customer-bill -> government-fund"
BUY = "customer-bill -> grid-purchase"
SYSTEM = "customer-bill -> balancing"
PLANT = "grid-purchase -> generator-income"
FOUR = {"购电费": BUY, "系统费": SYSTEM, "输配费": GRID, "附加费": FUND}
