"""A holder that isn't ours: opens a wallet at the operator's desk, builds a payment order byte by byte, signs it with
gmssl, and hands it in through both doors. The formats are those of protocol/wire/src/order.rs and bank/src/operation.rs.
"""

import http.client
import json
import ssl
import struct
import subprocess
import sys
import time

from gmssl import func, sm2, sm3

jidian, bank, address = sys.argv[1:4]
host, port = address.split(":")
calls = iter(range(1000))


def client(name):
    context = ssl.create_default_context(cafile=f"{bank}/tls/ca.pem")
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(f"{bank}/tls/clients/{name}.pem", f"{bank}/tls/clients/{name}.key")
    return http.client.HTTPSConnection(host, int(port), context=context)


def send(connection, method, path, body=None, headers=None):
    headers = dict(headers or {})
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers["content-type"] = "application/json"
    if method == "POST":
        headers["idempotency-key"] = f"python-{next(calls)}"
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    return answer.status, content


def done(connection, method, path, body=None):
    status, content = send(connection, method, path, body)
    assert status == 200, (path, status, content)
    return json.loads(content)


def digest(data):
    return bytes.fromhex(sm3.sm3_hash(func.bytes_to_list(data)))


PRIVATE = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
# The public key of that private key: GB/T 32918.5-2017, A.2 (from memory; the ledger would refuse another one).
PUBLIC = (
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
signer = sm2.CryptSM2(private_key=PRIVATE, public_key=PUBLIC)
KEY = digest(bytes.fromhex(PUBLIC))[:16]
TAG = b"JIDIAN-ORDER-1"


def order(sequence, previous, legs):
    at = int(time.time() * 1000)
    body = KEY + struct.pack(">Q", sequence) + previous + struct.pack(">q", at) + bytes(32)
    body += struct.pack(">B", len(legs))
    for debit, credit, fen in legs:
        body += struct.pack(">QQqB", int(debit), int(credit), fen, 0)
    signature = bytes.fromhex(signer.sign_with_sm3(TAG + body))
    return b"\x01" + body + signature, digest(TAG + body)


def main():
    central, operator = client("central-bank"), client("operator")
    for number in (0, 102):
        done(central, "POST", "/v1/issuance/quota", {"operator": number, "amount_fen": 10**12})
    done(central, "POST", "/v1/issuance/reserve", {"operator": 102, "amount_fen": 100_000})
    done(central, "POST", "/v1/issuance/issue", {"amount_fen": 100_000})
    done(central, "POST", "/v1/issuance/supply", {"operator": 102, "amount_fen": 100_000})
    wallets = []
    for kind in ("personal", "income"):
        opened = done(operator, "POST", "/v1/wallets", {"kind": kind, "grade": "II"})
        wallets.append(opened["command"]["wallet"])
    own, shop = wallets
    key = {"holder": "Python", "role": "holder", "public_key": PUBLIC}
    bound = done(operator, "POST", f"/v1/wallets/{own}/keys", key)
    assert bound["command"]["certificate"]["key"] == KEY.hex(), bound
    done(operator, "POST", f"/v1/wallets/{own}/deposit", {"amount_fen": 5_000})
    done(operator, "POST", f"/v1/wallets/{own}/draw", {"amount_fen": 5_000})
    command = [jidian, "bank", "certificate", "--data", bank, "--name", "python", "--holder", KEY.hex()]
    subprocess.run(command, check=True, capture_output=True)
    holder = client("python")

    first, chain = order(1, bytes(32), [(own, shop, 1_234)])
    answer = done(holder, "POST", "/v1/orders", {"operations": [first.hex()]})["results"][0]
    assert (answer["code"], answer["order"]) == ("accepted", chain.hex()), answer

    second, chain = order(2, chain, [(own, shop, 66), (own, shop, 1)])
    third, _ = order(3, chain, [(own, shop, 1_000_000)])
    binary = {"content-type": "application/octet-stream", "accept": "application/octet-stream"}
    status, content = send(holder, "POST", "/v1/orders", struct.pack(">I", 2) + second + third, binary)
    assert status == 200, (status, content)
    count, code, receipts = struct.unpack(">IBB", content[:6])
    assert (count, code, receipts) == (2, 0, 1), content[:6]
    assert content[6:38] == chain, "the receipt's leaf begins with the digest of the order"

    statement = done(holder, "GET", f"/v1/wallets/{own}/statement")
    told = [movement["amount_fen"] for movement in statement["movements"]]
    assert told == [5_000, -1_234, -66, -1], told
    assert statement["closing_fen"] == 5_000 - 1_301, statement
    status, _ = send(holder, "GET", f"/v1/wallets/{shop}")
    assert status == 404, "another's wallet"
    # A flipped bit in the signature moves nothing.
    forged, _ = order(4, bytes(32), [(own, shop, 1)])
    forged = forged[:-1] + bytes([forged[-1] ^ 1])
    answer = done(holder, "POST", "/v1/orders", {"operations": [forged.hex()]})["results"][0]
    assert answer["code"] == "bad_signature", answer


main()
