"""Starts the meter under test and compares what clients read with what was set."""

import datetime
import os
import subprocess
import sys

ADDRESS = "000000000042"
VOLTAGE, CURRENT, ACTIVE, REACTIVE, FACTOR = 220.0, 5.0, 0.550, 0.9526, 0.5
FREQUENCY, IMPORT, EXPORT = 50.0, 1234.56, 7.89
# Registers may move on while the checks run: 1.65 kW for half a minute.
MOVEMENT = 0.02
LEGAL_TIME = datetime.timezone(datetime.timedelta(hours=8))

STIMULUS = (
    "--voltage 220 --current 5 --phase-angle 60 --frequency 50 --import-kwh 1234.56 --export-kwh 7.89"
)


class Meter:
    """`jidian meter serve` on a free port, ended with the block."""

    def __enter__(self):
        command = [os.environ["JIDIAN"], "meter", "serve", "--listen", "127.0.0.1:0"]
        command += ["--address", ADDRESS, *STIMULUS.split()]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.startswith("listening on "):
                self.port = int(line.rsplit(":", 1)[1])
                return self
        raise SystemExit(f"FAIL {' '.join(command)} ended before it listened")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Checks:
    """Prints one line per check and remembers failures."""

    def __init__(self, client):
        self.client = client
        self.failed = 0

    def check(self, name, good, detail):
        print(f"{'PASS' if good else 'FAIL'} {self.client}: {name}: {detail}")
        self.failed += not good

    def equal(self, name, found, expected):
        self.check(name, found == expected, f"read {found!r}, set {expected!r}")

    def near(self, name, found, expected, tolerance):
        good = found is not None and abs(found - expected) <= tolerance + 1e-9
        self.check(name, good, f"read {found}, set {expected}, tolerance {tolerance}")

    def register(self, name, found, expected):
        good = found is not None and -1e-9 <= found - expected <= MOVEMENT + 1e-9
        self.check(name, good, f"read {found} kWh, set {expected} kWh or a little more")

    def date(self, name, digits):
        """`digits` is YYMMDDWW."""
        good = digits in {date_digits(0), date_digits(-10)}
        self.check(name, good, f"read {digits}, clock {date_digits(0)}")

    def time(self, name, digits):
        """`digits` is hhmmss."""
        now = datetime.datetime.now(LEGAL_TIME)
        try:
            found = now.replace(
                hour=int(digits[:2]), minute=int(digits[2:4]), second=int(digits[4:]), microsecond=0
            )
            apart = abs((now - found).total_seconds())
        except (TypeError, ValueError):
            apart = 86_400
        apart = min(apart, abs(86_400 - apart))
        self.check(name, apart <= 5, f"read {digits}, clock {now:%H%M%S}")

    def finish(self):
        print(f"{self.client}: {'all checks passed' if not self.failed else f'{self.failed} FAILED'}")
        sys.exit(1 if self.failed else 0)


def date_digits(seconds_off):
    day = datetime.datetime.now(LEGAL_TIME) + datetime.timedelta(seconds=seconds_off)
    return f"{day:%y%m%d}{day.isoweekday() % 7:02d}"
