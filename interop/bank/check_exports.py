"""Exports the first day of a pilot and reads it with pyarrow: the sums must be those of the statements."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as parquet

jidian, pilot, out = sys.argv[1:4]


def run(*arguments):
    done = subprocess.run([jidian, "bank", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def statement(wallet, *more):
    return json.loads(run("statement", "--data", pilot, "--wallet", wallet, "--json", *more))


VAULT = "1020000000000000"  # operator 102, serial 0; the check digit follows


def with_check_digit(body):
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body))]
    return body + str(-sum(value // 10 + value % 10 for value in doubled) % 10)


vault = with_check_digit(VAULT[:15])
day = statement(vault)["movements"][0]["at"][:10]
for ending in ("parquet", "beancount", "ledger"):
    run("export", "--data", pilot, "--format", ending, "--day", day, "--out", f"{out}/day.{ending}")
assert Path(f"{out}/day.parquet").read_bytes()[:4] == b"PAR1"
table = parquet.read_table(f"{out}/day.parquet")
names = ["batch", "at", "order", "signer", "sequence", "kind", "debit", "credit", "amount_fen", "reason", "result"]
assert table.column_names == names, table.column_names
assert str(table.schema.field("at").type) == "timestamp[ms, tz=UTC]", table.schema
rows = table.to_pylist()
assert len(rows) > 300, len(rows)
assert all(len(row["order"]) == 64 for row in rows)
assert all(row["amount_fen"] > 0 for row in rows if row["result"] == "accepted")
changes = Counter()
for row in rows:
    if row["result"] == "accepted":
        changes[row["debit"]] -= row["amount_fen"]
        changes[row["credit"]] += row["amount_fen"]
assert sum(changes.values()) == 0
wallets = [wallet for wallet in changes if wallet]
for wallet in wallets:
    told = statement(wallet, "--from", day, "--to", day)
    assert told["closing_fen"] - told["opening_fen"] == changes[wallet], wallet
    assert told["closing_fen"] == told["opening_fen"] + sum(one["amount_fen"] for one in told["movements"])
print(f"{len(rows)} rows, {len(wallets)} wallets")
