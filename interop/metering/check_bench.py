"""Holds `jidian bench metering --json` against its limits, and the others against ours."""

import json
import sys

# What every window of ours must keep; THD in millionths of the fundamental.
LIMITS = {"u_ppm": 5, "i_ppm": 5, "p_ppm": 10, "f_millihertz": 0.1, "thd_u_ppm": 100, "thd_i_ppm": 100}
# The others measure a steady signal at least as well as this.
SANE = {"u_ppm": 50_000, "i_ppm": 50_000, "p_ppm": 50_000}

failures = []


def hold(good, what):
    print("PASS" if good else "FAIL", what)
    if not good:
        failures.append(what)


with open(sys.argv[1], encoding="utf-8") as file:
    participants = {one["name"]: one for one in json.load(file)["participants"]}

hold(list(participants) == ["jidian", "metrology_insight", "pqopen-lib"], "all three are there")
for name, one in participants.items():
    missing = one.get("not_installed")
    hold(missing is None, f"{name} ran" + (f": {missing}" if missing else ""))
    rows = one.get("worst_windows", [])
    hold(len(rows) == 5 and all(row["windows"] >= 14 for row in rows), f"{name} has every window")
    hold(one.get("frames_per_second", 0) > 0, f"{name} has a speed")
    for row in rows:
        limits = LIMITS if name == "jidian" else SANE
        within = all(row[key] <= limit for key, limit in limits.items())
        hold(within, f"{name}, {row['signal']}: within {limits}")

ours = participants["jidian"]["worst_windows"]
for name in ("metrology_insight", "pqopen-lib"):
    for own, other in zip(ours, participants[name].get("worst_windows", [])):
        if own["signal"].startswith("50 Hz") and name == "pqopen-lib":
            continue  # whole samples in a cycle: nothing is cut off, and it is exact too
        better = all(own[key] < other[key] for key in ("u_ppm", "i_ppm", "p_ppm"))
        hold(better, f"{own['signal']}: ours is nearer than {name}")

sys.exit(1 if failures else 0)
