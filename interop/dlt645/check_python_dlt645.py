"""Reads our meter with `python-dlt645` 0.1.4, a master on any file-like object.

Its quirks: its frame reader stops at the first byte 16H, drops every FE, and its data can't hold
a byte above CCH; its control code of a received frame is always 0. So its own reader is used where the bytes are known beforehand, and a reader that
goes by the length field hands it the frame otherwise; parsing and checks are always its own.
"""

import socket

import dlt645

from meter import ACTIVE, ADDRESS, CURRENT, EXPORT, FACTOR, FREQUENCY, IMPORT, REACTIVE, VOLTAGE
from meter import Checks, Meter


class Line:
    """The file-like object that the client wants."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)

    def write(self, data):
        self.socket.sendall(data)

    def read(self, count):
        return self.socket.recv(count)

    def frame(self):
        """Yields a whole frame by its length field, then the end byte."""
        header = self.read(1)
        while header == b"\xfe":
            header = self.read(1)
        while len(header) < 10:
            header += self.read(10 - len(header))
        rest = b""
        while len(rest) < header[9] + 2:
            rest += self.read(header[9] + 2 - len(rest))
        yield header + rest[:-1]
        yield rest[-1:]


def read(line, item):
    """The digits that follow the identifier."""
    request = dlt645.Frame(ADDRESS)
    request.data = item
    dlt645.write_frame(line, request)
    reply = dlt645.read_frame(line.frame())
    if reply.frame[8] & 0x40:
        return f"error {reply.data}"
    assert reply.addr == ADDRESS and reply.data.endswith(item), (reply.addr, reply.data)
    return reply.data[: -len(item)]


def number(line, item, decimals):
    digits = read(line, item)
    return int(digits) / 10**decimals if digits.isdigit() else None


def main():
    checks = Checks("python-dlt645 0.1.4")
    with Meter() as meter:
        line = Line(meter.port)
        # Through its own reader: the address holds neither 16 nor FE.
        checks.equal("read address", dlt645.get_addr(line), ADDRESS)
        registers_and_values(checks, line)
        checks.date("date", read(line, "04000101"))
        checks.time("time", read(line, "04000102"))
        checks.equal("address item", read(line, "04000401"), ADDRESS)
        checks.equal("an unknown item is refused", read(line, "03010000"), "error 02")
        line.socket.close()
        own_reader(checks, meter.port)
    checks.finish()


def registers_and_values(checks, line):
    checks.register("combined active energy", number(line, "00000000", 2), IMPORT + EXPORT)
    checks.register("forward active energy", number(line, "00010000", 2), IMPORT)
    checks.register("reverse active energy", number(line, "00020000", 2), EXPORT)
    checks.near("voltage A", number(line, "02010100", 1), VOLTAGE, 0.5)
    checks.near("current B", number(line, "02020200", 3), CURRENT, 0.01)
    checks.near("active C", number(line, "02030300", 4), ACTIVE, 0.002)
    checks.near("active total", number(line, "02030000", 4), 3 * ACTIVE, 0.005)
    checks.near("reactive A", number(line, "02040100", 4), REACTIVE, 0.005)
    checks.near("factor A", number(line, "02060100", 3), FACTOR, 0.005)
    checks.near("frequency", number(line, "02800002", 2), FREQUENCY, 0.02)


def own_reader(checks, port):
    """Its own shorthand; its reader fails if the moving register gives a checksum 16 or FE."""
    for _ in range(3):
        try:
            found = dlt645.get_active_energy(ADDRESS, Line(port))
            break
        except (dlt645.FrameFormatError, dlt645.FrameChecksumError, IndexError, TimeoutError):
            found = None
    checks.register("get_active_energy", found, IMPORT + EXPORT)


if __name__ == "__main__":
    main()
