"""Reads our meter with `dlt645` 3.2.0, the master of github.com/600888/dlt645.

Its quirk: it doesn't reverse the address, so it gets the bytes as they stand on the wire.
"""

from dlt645 import MeterClientService

from meter import ACTIVE, ADDRESS, CURRENT, EXPORT, FACTOR, FREQUENCY, IMPORT, REACTIVE, VOLTAGE
from meter import Checks, Meter


def on_the_wire(address):
    return bytes.fromhex(address)[::-1].hex()


def value(item):
    return None if item is None else item.value


def main():
    checks = Checks("dlt645 3.2.0")
    with Meter() as meter:
        client = MeterClientService.new_tcp_client("127.0.0.1", meter.port, timeout=5)
        checks.equal("read address", value(client.read_address()), on_the_wire(ADDRESS))
        client.set_address(on_the_wire(ADDRESS))
        energies(checks, client)
        variables(checks, client)
        parameters(checks, client)
        refusals(checks, client)
        client.disconnect()
    checks.finish()


def energies(checks, client):
    checks.register("combined active energy", value(client.read_00(0x00000000)), IMPORT + EXPORT)
    checks.register("forward active energy", value(client.read_00(0x00010000)), IMPORT)
    checks.register("reverse active energy", value(client.read_00(0x00020000)), EXPORT)


def variables(checks, client):
    for number, phase in enumerate("ABC", start=1):
        item = number << 8
        checks.near(f"voltage {phase}", value(client.read_02(0x02010000 | item)), VOLTAGE, 0.5)
        checks.near(f"current {phase}", value(client.read_02(0x02020000 | item)), CURRENT, 0.01)
        checks.near(f"active {phase}", value(client.read_02(0x02030000 | item)), ACTIVE, 0.002)
        checks.near(f"reactive {phase}", value(client.read_02(0x02040000 | item)), REACTIVE, 0.005)
        checks.near(f"factor {phase}", value(client.read_02(0x02060000 | item)), FACTOR, 0.005)
    checks.near("active total", value(client.read_02(0x02030000)), 3 * ACTIVE, 0.005)
    checks.near("apparent total", value(client.read_02(0x02050000)), 3.3, 0.01)
    checks.near("frequency", value(client.read_02(0x02800002)), FREQUENCY, 0.02)


def parameters(checks, client):
    checks.date("date", value(client.read_04(0x04000101)))
    checks.time("time", value(client.read_04(0x04000102)))
    checks.equal("address item", value(client.read_04(0x04000401)), ADDRESS)


def refusals(checks, client):
    """The client gives None for a refusal and for silence alike: look at the bytes."""
    client.enable_message_capture()
    client.read_01(0x01010000)
    checks.equal("an unknown item is refused", received(client), "d10135")
    client.write_04(0x04000103, "15", "02123456")
    checks.equal("a write is refused", received(client), "d40137")
    checks.register("it still answers", value(client.read_00(0x00010000)), IMPORT)


def received(client):
    """Control code, length and data of the last frame, as on the wire."""
    raw = bytes(client.get_captured_rx_messages()[-1].data)
    frame = raw[raw.index(0x68) :]
    return frame[8:-2].hex()


if __name__ == "__main__":
    main()
