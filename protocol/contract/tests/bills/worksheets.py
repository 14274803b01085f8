"""Bills worked out apart from the crate. Run in this folder: `python3 worksheets.py`.

It writes one NAME.bill for each contract of data/contracts: what the meter saw, then the bill as rows
`quantity × price = amount` and a sum for each leg. The prices are written down here once more, from the price orders
that data/contracts names. The test `worksheets` adds the rows up and settles the same movements interval by interval.
"""
from sheet import *

SHEETS = []

def sheet(*arguments, **options):
    SHEETS.append(Sheet(*arguments, **options))
    return SHEETS[-1]

# ------------------------------------------------------------------ households
HENAN_TIERS = [(180, 0), (260, "0.05"), (None, "0.30")]

def henan_household(name, about, first, last, *spans, **options):
    bill = sheet(name, about, {"电费": GRID, "附加费": FUND}, **options).daily(first, last, *spans)
    return bill, lambda when: [
        ("电费", "benchmark", "0.541"), ("附加费", "surcharge", "0.019"),
        ("电费", "incentive", bill.signal("incentive", when, 15, 0, "-0.30", "0.60"))]

bill, prices = henan_household("residential-henan",
    "January, 365.8 kWh, two limits crossed; one evening the incentive says -0.12 and lapses after 15 minutes",
    "2026-01-01", "2026-01-31", "00:00 08:00 2.4", "08:00 18:00 4", "18:00 24:00 5.4")
bill.fact("2026-01-20 19:00", "incentive", "-0.12")
bill.bill(prices, ("电费", "tier", "month", HENAN_TIERS), ages=[15])

bill, prices = henan_household("prosumer-import-henan",
    "The turn of May to June: the ladder begins anew with the month; an incentive of 0.9 is moved to 0.6",
    "2026-05-28", "2026-06-03", "00:00 06:00 3", "18:00 24:00 9", month="240", year="1200")
bill.fact("2026-05-30 20:00", "incentive", "0.9")
bill.bill(prices, ("电费", "tier", "month", HENAN_TIERS), ages=[15])

bill = sheet("residential-prepaid-henan", "Six winter days of 24.48 kWh; the hold is drawn down and renewed twice",
    {"电费": GRID}, month="20", held="30")
bill.daily("2026-02-10", "2026-02-15", "00:00 12:00 7.2", "12:00 24:00 17.28")
bill.bill(lambda when: [("电费", "benchmark", "0.56")], ("电费", "tier", "month", HENAN_TIERS))
bill.prepaid("电费", "0.56", 50, 10)

HANGZHOU_TIERS = [(2760, 0), (4800, "0.05"), (None, "0.30")]
bill = sheet("residential-hangzhou", "September to October: the second limit of the year is crossed, the month doesn't matter",
    {"电费": GRID}, year="4500").daily("2026-09-20", "2026-10-12", "00:00 24:00 14.4")
bill.bill(lambda when: [("电费", "benchmark", "0.538")], ("电费", "tier", "year", HANGZHOU_TIERS))

bill = sheet("residential-hangzhou-tou", "The turn of the year: from the second to the third tier, and back to the first on 1 January",
    {"电费": GRID}, year="4700").daily("2026-12-20", "2027-01-05", "00:00 08:00 4", "08:00 22:00 7", "22:00 24:00 1")
bill.bill(lambda when: [("电费", "benchmark", "0.538"),
    ("电费", "time-of-use", f("0.568") - f("0.538") if 8 <= when.hour < 22 else f("0.288") - f("0.538"))],
    ("电费", "tier", "year", HANGZHOU_TIERS))

bill = sheet("heat-pump-henan", "The turn of March to April: the subsidy ends, the ladder begins",
    {"电费": GRID, "采暖补贴": "fiscal -> grid-income"}, month="500").daily(
    "2026-03-30", "2026-04-12", "00:00 08:00 12", "08:00 22:00 7", "22:00 24:00 3")
def heat_pump(when):
    lines = [("电费", "benchmark", "0.56"), ("电费", "time-of-use", "0.03" if 8 <= when.hour < 22 else "-0.12"),
        ("电费", "incentive", 0)]
    if when.month in (11, 12, 1, 2, 3):
        lines += [("采暖补贴", "subsidy", "0.05"), ("电费", "subsidy", "-0.05")]
    return lines
bill.bill(heat_pump)
# The ladder counts from April to October only, and April begins with it: 12 days of 22 kWh.
bill.row("电费", "tier", 0, f(180)); bill.row("电费", "tier", "0.05", f(80)); bill.row("电费", "tier", "0.30", f(4))

bill = sheet("residential-heating-subsidy", "The last day before the heating season and the first two days in it",
    {"电费": GRID, "采暖补贴": "fiscal -> customer-bill"}).daily(
    "2026-11-14", "2026-11-16", "00:00 08:00 16", "08:00 20:00 6", "20:00 24:00 10")
def heating(when):
    valley = when.hour < 8 or when.hour >= 20
    lines = [("电费", "benchmark", "0.56"), ("电费", "time-of-use", f("0.30") - f("0.56") if valley else 0)]
    return lines + [("采暖补贴", "subsidy", "0.10")] * (valley and when >= at("2026-11-15 00:00"))
bill.bill(heating)

bill = sheet("prosumer-net-metering", "May: 232.5 kWh taken, of which 150 kWh are set against feed-in when the month ends",
    {"电费": GRID, "附加费": FUND}).daily("2026-05-01", "2026-05-31", "00:00 06:00 1.5", "18:00 24:00 6")
bill.fact("2026-05-31 23:00", "netted-energy", 150, "kWh")
bill.bill(lambda when: [("电费", "benchmark", "0.541"), ("附加费", "surcharge", "0.019")],
    ("电费", "tier", "month", HENAN_TIERS),
    lambda when: [("电费", "netting", "-0.541", bill.quantity("netted-energy", when), "netted-energy")])

# ------------------------------------------------------------------ commerce and industry
def henan_windows(month):
    return {
        "critical": "17:00-19:00" if month in (1, 12) else "20:00-23:00" if month in (7, 8) else "",
        "peak": "16:00-24:00",
        "valley": "00:00-06:00 11:00-14:00" if month in (3, 4, 5, 9, 10, 11) else "00:00-07:00"}

SHOP = ("00:00 08:00 40", "08:00 20:00 252", "20:00 24:00 60")

bill = sheet("commercial-henan-tou", "A department store on the last three days of August and the first three of September",
    {"电费": GRID, "附加费": FUND}).daily("2026-08-29", "2026-09-03", *SHOP)
bill.fact("2026-08-31 20:00", "floating", "0.5").fact("2026-09-01 12:00", "incentive", "-0.02")
ratios = {"critical": f("1.72") * f("1.2"), "peak": f("1.72"), "flat": 1, "valley": f("0.45")}
bill.bill(lambda when: [
    ("电费", "benchmark", "0.40"),
    ("电费", "time-of-use", f("0.40") * ratios[band(when, henan_windows(when.month))] - f("0.40")),
    ("电费", "line-loss", "0.015"), ("电费", "network-charge", "0.18"), ("电费", "system-operation", "0.03"),
    ("附加费", "surcharge", "0.0272"),
    ("电费", "floating", bill.signal("floating", when, 15, 0, "-0.20", "0.20")),
    ("电费", "incentive", bill.signal("incentive", when, 15, 0, "-0.30", "0.60"))], ages=[15])

bill = sheet("ev-charging-henan", "A charging park on the last day of June and the first of July",
    {"电费": GRID}).daily("2026-06-30", "2026-07-01", "00:00 07:00 350", "07:00 17:00 200", "17:00 24:00 420")
bill.fact("2026-07-01 21:00", "incentive", "-0.10").fact("2026-07-01 21:00", "floating", "0.03")
charging = {"critical": "1.00", "peak": "0.85", "flat": "0.55", "valley": "0.30"}
bill.bill(lambda when: [("电费", "time-of-use", charging[band(when, henan_windows(when.month))]),
    ("电费", "floating", bill.signal("floating", when, 15, 0, "-0.20", "0.20")),
    ("电费", "incentive", bill.signal("incentive", when, 15, 0, "-0.30", "0.60"))], ages=[15])

bill = sheet("agricultural-henan", "A week of irrigation; the incentive asks for pumping at noon",
    {"电费": GRID}).daily("2026-05-04", "2026-05-10", "09:00 15:00 36.000072").fact("2026-05-06 12:00", "incentive", "-0.15")
bill.bill(lambda when: [("电费", "benchmark", "0.484"),
    ("电费", "incentive", bill.signal("incentive", when, 15, 0, "-0.30", "0.60"))], ages=[15])

bill = sheet("regional-grid", "A day of a distribution grid, floating and incentive both beyond their clamps for a while",
    {"bill": GRID}).daily("2026-06-01", "2026-06-01", "00:00 24:00 216000")
bill.fact("2026-06-01 12:00", "floating", "-0.4").fact("2026-06-01 18:00", "incentive", "0.9")
bill.bill(lambda when: [("bill", "benchmark", "0.42"), ("bill", "network-charge", "0.05"), ("bill", "system-operation", "0.03"),
    ("bill", "floating", bill.signal("floating", when, 15, 0, "-0.20", "0.60")),
    ("bill", "incentive", bill.signal("incentive", when, 15, 0, "-0.30", "0.60"))], ages=[15])

def commercial(name, about, parts, tou, *days):
    """`parts` lists (leg, item, price); `tou(when)` gives [(leg, price of the floating part - its flat price)]."""
    bill = sheet(name, about, FOUR)
    for first, last, *spans in days:
        bill.daily(first, last, *spans)
    return bill, lambda when: parts + [(leg, "time-of-use", price) for leg, price in tou(when)]

def shandong_windows(month):
    if month in (12, 1, 2):
        return {"critical": "16:00-19:00", "peak": "07:00-09:00 16:00-21:00", "valley": "02:00-06:00 10:00-15:00", "deep": "11:00-14:00"}
    if month in (3, 4, 5):
        return {"critical": "17:00-20:00", "peak": "17:00-22:00", "valley": "10:00-15:00", "deep": "11:00-14:00"}
    if month in (6, 7, 8):
        return {"critical": "17:00-22:00", "peak": "16:00-23:00", "valley": "07:00-12:00" if month == 6 else "01:00-06:00"}
    return {"critical": "17:00-19:00", "peak": "16:00-21:00", "valley": "10:00-15:00", "deep": "11:00-14:00"}

shandong = {"critical": 2, "peak": f("1.7"), "flat": 1, "valley": f("0.3"), "deep": f("0.1")}
bill, prices = commercial("commercial-shandong-tou", "A supermarket, one day of each season of 2025, and the turn of June to July",
    [("购电费", "benchmark", "0.40"), ("购电费", "line-loss", "0.02"), ("购电费", "capacity", "0.07"),
     ("系统费", "system-operation", "0.035"), ("输配费", "network-charge", "0.20"), ("附加费", "surcharge", "0.0272")],
    lambda when: [("购电费", f("0.52") * (shandong[band(when, shandong_windows(when.month))] - 1))],
    ("2025-01-15", "2025-01-15", *SHOP), ("2025-04-15", "2025-04-15", *SHOP), ("2025-06-30", "2025-07-01", *SHOP),
    ("2025-10-15", "2025-10-15", *SHOP))
bill.bill(prices)

def jiangxi_windows(when):
    windows = {"peak": "16:30-22:30"}
    if 3 <= when.month <= 11:
        windows |= {"valley": "11:30-14:30", "deep": "12:00-14:00"}
    else:
        windows |= {"valley": "00:00-06:00"}
    if when.month in (7, 8):
        windows["critical"] = "20:30-22:30"
    if (when.month, when.day) in dates("02-15..02-23"):
        windows["deep"] = "12:00-14:00"
    return windows

jiangxi = {"critical": f("1.8"), "peak": f("1.6"), "flat": 1, "valley": f("0.4"), "deep": f("0.3")}
bill, prices = commercial("commercial-jiangxi-tou", "A works over the beginning of Spring Festival, and a day in August",
    [("购电费", "benchmark", "0.42"), ("购电费", "line-loss", "0.018"), ("系统费", "system-operation", "0.03"),
     ("输配费", "network-charge", "0.17"), ("附加费", "surcharge", "0.0272")],
    lambda when: [("购电费", f("0.42") * (jiangxi[band(when, jiangxi_windows(when))] - 1))],
    ("2026-02-13", "2026-02-16", *SHOP), ("2026-08-03", "2026-08-03", *SHOP))
bill.bill(prices)

gansu = {"peak": f("1.5"), "flat": 1, "valley": f("0.5")}
bill, prices = commercial("commercial-gansu-tou", "A workshop, a week of May",
    [("购电费", "benchmark", "0.32"), ("购电费", "line-loss", "0.016"), ("系统费", "system-operation", "0.025"),
     ("输配费", "network-charge", "0.12"), ("附加费", "surcharge", "0.0272")],
    lambda when: [("购电费", f("0.336") * (gansu[band(when, {"peak": "07:00-09:00 17:00-23:00", "valley": "09:00-17:00"})] - 1))],
    ("2026-05-18", "2026-05-24", *SHOP))
bill.bill(prices)

def hainan(when):
    critical = "20:00-22:00" if when.month in (5, 6, 7) else ""
    ratio = {"critical": f("2.04"), "peak": f("1.7"), "flat": 1, "valley": f("0.4")}[
        band(when, {"critical": critical, "peak": "16:00-23:00", "valley": "23:00-07:00"})]
    return [("购电费", f("0.43") * (ratio - 1)), ("输配费", f("0.17") * (ratio - 1))]
bill, prices = commercial("commercial-hainan-tou", "A hotel at the turn of July to August: the critical peak ends",
    [("购电费", "benchmark", "0.43"), ("购电费", "line-loss", "0.02"), ("系统费", "system-operation", "0.03"),
     ("输配费", "network-charge", "0.17"), ("附加费", "surcharge", "0.0272")], hainan,
    ("2026-07-30", "2026-08-02", *SHOP))
bill.bill(prices)

bill = sheet("commercial-guangdong-tou",
    "Three days of October: hot on the 8th (reported at 08:00, forgotten 24 hours later); then a day of August",
    {"电费": GRID, "附加费": FUND}).daily("2026-10-07", "2026-10-09", *SHOP).daily("2026-08-05", "2026-08-05", *SHOP)
bill.fact("2026-10-08 08:00", "high-temperature", "on", "")
def guangdong(when):
    hot = when.month in (7, 8, 9) or bill.event("high-temperature", when, 24)
    windows = {"peak": "10:00-12:00 14:00-19:00", "valley": "00:00-08:00"} | ({"critical": "11:00-12:00 15:00-17:00"} if hot else {})
    ratio = {"critical": f("1.7") * f("1.25"), "peak": f("1.7"), "flat": 1, "valley": f("0.38")}[band(when, windows)]
    return [("电费", "benchmark", "0.431"), ("电费", "line-loss", "0.0128"), ("电费", "network-charge", "0.15"),
        ("电费", "system-operation", "0.03"), ("附加费", "surcharge", "0.0272"),
        ("电费", "time-of-use", half_up(f("0.6238") * ratio, "0.0001") - f("0.6238"))]
bill.bill(guangdong, ages=[1440])

WORKS = ("00:00 08:00 4800", "08:00 16:00 7200", "16:00 24:00 4800")

bill = sheet("industrial-anhui-two-part", "The last days of September and the National Day holiday; 1,600 kVA when the month ends",
    FOUR).daily("2026-09-29", "2026-10-02", *WORKS).fact("2026-09-01 00:00", "capacity", 1600, "kW")
def anhui(when):
    windows = {"peak": "16:00-22:00", "valley": "00:00-08:00"}
    if (when.month, when.day) in dates("01-01..01-03 02-15..02-23 04-04..04-06 05-01..05-05 06-19..06-21 09-25..09-27 10-01..10-07"):
        windows["deep"] = "11:00-15:00"
    ratio = {"peak": f("1.843") if when.month in (1, 7, 8, 9, 12) else f("1.74"), "flat": 1, "valley": f("0.382"),
        "deep": f("0.382") * f("0.8")}[band(when, windows)]
    return [("购电费", "benchmark", "0.40"), ("购电费", "line-loss", "0.015"), ("购电费", "time-of-use", f("0.40") * (ratio - 1)),
        ("输配费", "network-charge", "0.10"), ("系统费", "system-operation", "0.03"), ("附加费", "surcharge", "0.0272")]
bill.bill(anhui, monthly=lambda when: [("输配费", "capacity", 32, bill.quantity("capacity", when), "capacity", "kW")])

bill = sheet("industrial-shanghai-deep-valley", "October 2026: holiday until the 7th, Saturday the 10th is worked, the 17th and 18th are free",
    {"购电费": BUY, "电费": GRID, "附加费": FUND}).daily("2026-10-06", "2026-10-19", *WORKS)
def shanghai(when):
    holiday = (when.month, when.day) in dates("01-01..01-03 02-15..02-23 04-04..04-06 05-01..05-05 06-19..06-21 09-25..09-27 10-01..10-07")
    worked = (when.month, when.day) in dates("01-04 02-14 02-28 05-09 09-20 10-10")
    free = when.weekday() >= 5 and not worked and when.month in (2, 3, 4, 5, 6, 9, 10, 11)
    hard = when.month in (1, 7, 8, 9, 12)
    night = "deep" if holiday or free else "valley"
    windows = {"peak": "08:00-11:00 18:00-21:00", night: "22:00-06:00"} | ({"critical": "19:00-21:00"} if hard else {})
    ratio = {"critical": f("2.25"), "peak": f("1.8") if hard else f("1.6"), "flat": 1,
        "valley": f("0.4") if hard else f("0.5"), "deep": f("0.2")}[band(when, windows)]
    return [("购电费", "benchmark", "0.42"), ("购电费", "time-of-use", f("0.42") * (ratio - 1)), ("电费", "line-loss", "0.015"),
        ("电费", "network-charge", "0.135"), ("电费", "system-operation", "0.03"), ("附加费", "surcharge", "0.0272")]
bill.bill(shanghai)

bill = sheet("industrial-sichuan-critical-day", "A critical day in June, and a call of the grid that is answered",
    {"电费": GRID}).daily("2026-06-15", "2026-06-17", *WORKS)
bill.fact("2026-06-16 00:00", "critical-day", "on", "").fact("2026-06-16 21:00", "demand-response", "on", "")
bill.fact("2026-06-16 21:30", "demand-response", "off", "")
def sichuan(when):
    windows = {"peak": "10:00-12:00 15:00-21:00", "valley": "23:00-07:00"}
    if when.month in (7, 8) or bill.event("critical-day", when, 24):
        windows["critical"] = "13:00-14:00 21:00-23:00"
    price = f("0.40") * {"critical": f("1.92"), "peak": f("1.6"), "flat": 1, "valley": f("0.4")}[band(when, windows)]
    if bill.event("demand-response", when, 1):
        price = half_up(price * f("0.95"), "0.0001")
    return [("电费", "benchmark", "0.19"), ("电费", "time-of-use", price)]
bill.bill(sichuan, ages=[1440, 60])

bill = sheet("industrial-demand-charge",
    "March: 520,800 kWh, 1,240 kW at most, power factor 0.87 (+1.5 %), and what the meter billed without funds",
    {"电费": GRID, "附加费": FUND}).daily("2026-03-01", "2026-03-31", *WORKS)
bill.fact("2026-03-31 23:00", "maximum-demand", 1240, "kW").fact("2026-03-31 23:00", "power-factor", "86.7", "%")
# 520,800 × 0.5928 + 1,240 × 40
bill.fact("2026-03-31 23:00", "billed", "358330.24", "yuan")
bill.bill(lambda when: [("电费", "benchmark", "0.42"), ("电费", "line-loss", "0.0148"), ("电费", "network-charge", "0.128"),
    ("电费", "system-operation", "0.03"), ("附加费", "surcharge", "0.0272")],
    monthly=lambda when: [("电费", "capacity", 40, bill.quantity("maximum-demand", when), "maximum-demand", "kW"),
        ("电费", "power-factor", "0.015", bill.quantity("billed", when), "billed", "yuan")])

bill = sheet("industrial-aluminium", "A potline of 40 MW, two days",
    {"purchase": BUY, "network": GRID, "system": SYSTEM, "fund": FUND, "state": "customer-bill -> treasury"})
bill.daily("2026-03-01", "2026-03-02", "00:00 24:00 960000")
bill.bill(lambda when: [("purchase", "benchmark", "0.40"), ("purchase", "line-loss", "0.015"), ("network", "network-charge", "0.16"),
    ("system", "system-operation", "0.03"), ("fund", "surcharge", "0.0272"), ("state", "differential", "0.30")])

bill = sheet("industrial-cement-henan", "A cement mill, three days; of 0.10 yuan/kWh nine tenths are the treasury's",
    {"电费": GRID, "差别": "customer-bill -> treasury"}).daily("2026-03-09", "2026-03-11", "00:00 24:00 43200")
bill.fact("2026-03-10 18:00", "incentive", "0.25")
bill.bill(lambda when: [("电费", "benchmark", "0.40"), ("电费", "line-loss", "0.015"), ("电费", "network-charge", "0.18"),
    ("电费", "system-operation", "0.03"), ("电费", "incentive", bill.signal("incentive", when, 15, 0, "-0.30", "0.60")),
    ("差别", "differential", f("0.10") * f("0.9")), ("电费", "differential", f("0.10") * f("0.1"))], ages=[15])

# ------------------------------------------------------------------ plants and storage
def plant(name, about, leg, wallets, kwh, subsidy=None, day="2026-04-01"):
    """The coal benchmark of Henan and a floating signal; a price of -0.1 to 1.5 yuan/kWh, by the minute."""
    legs = {leg: wallets} | ({"补贴款": "fiscal -> generator-income"} if subsidy else {})
    bill = sheet(name, about, legs, step=1).daily(day, day, f"00:00 24:00 {kwh}")
    bill.fact(f"{day} 02:00", "floating", "-0.9").fact(f"{day} 11:00", "floating", "0.04").fact(f"{day} 18:30", "floating", "1.4")
    bill.bill(lambda when: [(leg, "benchmark", "0.3779"),
        (leg, "floating", bill.signal("floating", when, 15, 0, "-0.4779", "1.1221"))]
        + ([("补贴款", "subsidy", subsidy)] if subsidy else []), ages=[15])

THREE = "three floating signals, two of them beyond the clamp, each for 16 minutes"
plant("hydro", f"A day at 120 MW; {THREE}", "购电", PLANT, 2880000)
plant("nuclear", f"A day at 600 MW; {THREE}", "购电", PLANT, 14400000)
plant("wind", f"A day of 720 MWh; {THREE}", "购电", PLANT, 720000, "0.02")
plant("solar", f"A day of 144 MWh; {THREE}", "购电", PLANT, 144000, "0.03")
plant("prosumer-export", f"A day of 28.8 kWh; {THREE}", "购电", PLANT, "28.80144", "0.03")
plant("battery-discharging", f"A day of 144 MWh; {THREE}", "purchase", PLANT, 144000)
plant("battery-charging", f"A day of 144 MWh; {THREE}", "bill", GRID, 144000)
plant("ev-fleet-discharging", f"A day of 7.2 MWh; {THREE}", "purchase", PLANT, 7200)
plant("ev-fleet-charging", f"A day of 7.2 MWh; {THREE}", "bill", GRID, 7200)
plant("pumped-storage-discharging", f"A day of 4,320 MWh; {THREE}", "购电", PLANT, 4320000)
plant("pumped-storage-pumping", f"A day of 4,320 MWh; {THREE}", "bill", GRID, 4320000)

bill = sheet("coal-henan", "A unit of 300 MW, one day: market up beyond +20 %, later over the emission limit for two hours",
    {"购电": PLANT}, step=1).daily("2026-01-05", "2026-01-05", "00:00 24:00 7200000")
bill.fact("2026-01-05 10:00", "floating", "0.3").fact("2026-01-05 14:00", "environmental", "-0.027")
bill.bill(lambda when: [("购电", "benchmark", "0.3779"),
    ("购电", "floating", bill.signal("floating", when, 15, 0, "-0.07558", "0.07558")), ("购电", "ultra-low-emission", "0.010"),
    ("购电", "environmental", bill.signal("environmental", when, 120, 0, "-0.027", 0))], ages=[15, 120])

bill = sheet("coal-hebei-south",
    "The last two days of January, 300 MW: sulphur and dust over the limit for some hours, capacity when the month ends",
    {"购电": PLANT, "容量费": "balancing -> generator-income"}, step=1)
bill.daily("2026-01-30", "2026-01-31", "00:00 24:00 7200000").fact("2026-01-01 00:00", "capacity", 300000, "kW")
bill.fact("2026-01-30 09:00", "sulphur-over-limit", "on", "").fact("2026-01-30 10:00", "dust-over-limit", "on", "")
bill.fact("2026-01-30 10:30", "sulphur-over-limit", "off", "").fact("2026-01-30 18:00", "floating", "-0.2")
def hebei(when):
    over = [part for pollutant, part in (("sulphur", "0.015"), ("nitrogen", "0.010"), ("dust", "0.002"))
        if bill.event(pollutant + "-over-limit", when, 2)]
    return [("购电", "benchmark", "0.3644"), ("购电", "floating", bill.signal("floating", when, 15, 0, "-0.07288", "0.07288")),
        ("购电", "environmental", -sum(map(f, over)))] + [("购电", "ultra-low-emission", "0.010")] * (not over)
bill.bill(hebei, monthly=lambda when: [("容量费", "capacity", f(165) / 12, bill.quantity("capacity", when), "capacity", "kW")],
    ages=[15, 120])

bill = sheet("coal-seven-components", "One day of a unit of 300 MW in which each of the seven components is at work",
    {"purchase": PLANT, "aid": "fiscal -> generator-income"}, step=1).daily("2026-01-05", "2026-01-05", "00:00 24:00 7200000")
bill.fact("2026-01-05 11:00", "floating", "-0.05").fact("2026-01-05 13:00", "environmental", "-0.015")
bill.fact("2026-01-05 17:00", "incentive", "0.08").fact("2026-01-05 17:00", "demand-response", "on", "")
def seven(when):
    hours = band(when, {"peak": "16:00-24:00", "valley": "11:00-14:00"})
    lines = [("purchase", "benchmark", "0.3779"), ("purchase", "ultra-low-emission", "0.010"),
        ("purchase", "floating", bill.signal("floating", when, 15, 0, "-0.07558", "0.07558")),
        ("purchase", "environmental", bill.signal("environmental", when, 120, 0, "-0.027", 0)),
        ("purchase", "time-of-use", {"peak": "0.03", "flat": 0, "valley": "-0.02"}[hours]),
        ("purchase", "incentive", bill.signal("incentive", when, 5, 0, "-0.10", "0.30"))]
    return lines + [("aid", "subsidy", "0.02")] * bill.event("demand-response", when, 1)
bill.bill(seven, ages=[15, 120, 5, 60])

def mechanism(name, about, legs, low, high, default, agreed, share, day, *facts):
    market, difference = legs
    bill = sheet(name, about, legs, step=1).daily(day, day, "06:00 18:00 72000")
    for fact in facts:
        bill.fact(*fact)
    bill.bill(lambda when: [(market, "benchmark", bill.signal("market-price", when, 60, default, low, high)),
        (difference, "mechanism", F(math.floor(f(share) * (f(agreed) -
            bill.signal("market-average", when, 40 * 1440, agreed, low, high)) * 10**6), 10**6))], ages=[60])

mechanism("solar-mechanism-hebei", "A June day: the market falls to its floor at noon; a new monthly average at 15:00",
    {"购电": PLANT, "机制费": "balancing -> generator-income"}, 0, "1.2", "0.34329", "0.3644", "0.80", "2026-06-10",
    ("2026-06-01 00:00", "market-average", "0.298765"), ("2026-06-10 08:00", "market-price", "0.2115"),
    ("2026-06-10 12:00", "market-price", "-0.05"), ("2026-06-10 15:00", "market-average", "0.41"))
mechanism("wind-mechanism-shandong", "An April day: a negative price at noon; the average comes below the mechanism price at 12:30",
    {"purchase": PLANT, "difference": "fiscal -> generator-income"}, "-0.08", "1.3", "0.3949", "0.319", "0.70", "2026-04-10",
    ("2026-04-01 00:00", "market-average", "0.402"), ("2026-04-10 08:00", "market-price", "0.2115"),
    ("2026-04-10 12:00", "market-price", "-0.5"), ("2026-04-10 12:30", "market-average", "0.2501"))

# ------------------------------------------------------------------ trade between neighbours
def trade(bill, windows):
    """Each window: metered, agreed kWh; largest deviation and mileage in kW; market price."""
    for clock, end, metered, agreed, power, mileage, market in windows:
        start = f"2026-06-01 {clock}"
        over = f(metered) - f(agreed)
        for what, value in (("traded-energy", f(agreed)), ("traded-power", 4 * f(agreed)), ("deviation-power", f(power)),
                ("deviation-mileage", f(mileage)), ("surplus", max(over, F(0))), ("shortfall", max(-over, F(0)))):
            bill.fact(start, what, dec(value), "kW" if what.split("-")[1:] in (["power"], ["mileage"]) else "kWh")
        bill.fact(start, "market-price", market)
        bill.daily("2026-06-01", "2026-06-01", f"{clock} {end} {metered}")

def penalties(bill, leg, dear, cheap, when):
    """Energy at the trade price; what is beyond 5 % of the power, 150 % of it in mileage, 5 % of the energy."""
    power, energy = bill.quantity("traded-power", when), bill.quantity("traded-energy", when)
    market = bill.signal("market-price", when, 30, "0.45", "-0.10", "1.50")
    high, low = max(market, f("0.45")), min(market, f("0.45"))
    yield leg, "trade", "0.45", bill.quantity(dear, when), dear
    yield leg, "trade", "-0.45", bill.quantity(cheap, when), cheap
    for price, what, base, share, unit in (("0.10", "deviation-power", power, "0.05", "kW"), ("0.01", "deviation-mileage", power, "1.5", "kW"),
            (high + abs(high) / 10 - f("0.45"), dear, energy, "0.05", "kWh"),
            (f("0.45") - low + abs(low) / 10, cheap, energy, "0.05", "kWh")):
        yield leg, "deviation", price, max(bill.quantity(what, when) - f(share) * base, F(0)), what, unit

WINDOWS = [("10:00", "10:15", 10, 10, 0, 0, "0.40"), ("10:15", "10:30", "12.4", 10, 12, 55, "0.62"),
    ("10:30", "10:45", "7.6", 10, 11, 75, "0.30"), ("10:45", "11:00", "7.6", 10, 11, 75, "-0.05"),
    ("11:00", "11:15", "10.4", 10, "2.5", 60, "0.70"), ("11:15", "11:30", 0, 10, 40, 40, "0.90")]

bill = sheet("peer-trade-buying", "Six windows: as agreed, more, less, less while the price is negative, inside the dead band, nothing",
    {"peer": "customer-bill -> peer-income", "network": GRID, "balance": SYSTEM}, step=15)
trade(bill, WINDOWS)
bill.bill(lambda when: [("network", "network-charge", "0.06")], each=lambda when: [
    ("peer", "trade", "0.45", bill.quantity("traded-energy", when), "traded-energy")]
    + list(penalties(bill, "balance", "surplus", "shortfall", when)))

bill = sheet("peer-trade-selling", "The same six windows on the seller's side: the energy itself is paid by the buyer",
    {"偏差费": "generator-income -> balancing"}, step=15)
trade(bill, WINDOWS)
bill.bill(lambda when: [], each=lambda when: list(penalties(bill, "偏差费", "shortfall", "surplus", when)))

for bill in SHEETS:
    with open(bill.name + ".bill", "w") as file:
        file.write(bill.text())
print(len(SHEETS), "bills")
