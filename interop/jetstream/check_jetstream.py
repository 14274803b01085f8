"""Three ledger nodes on three NATS servers under kills, pauses and cuts: nothing acknowledged is lost,
nothing is doubled, and the three logs agree bit for bit. Then the stream is thrown away."""

import asyncio
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

JIDIAN = os.environ["JIDIAN"]
WORK = Path(sys.argv[1])
SERVER = WORK / "venv" / "bin" / "nats-server"
RUN = WORK / "run"
SEED = int(os.environ.get("SEED", "1"))
LOAD_S = int(os.environ.get("SECONDS_OF_LOAD", "40"))
NAMES = ["n1", "n2", "n3"]
CHANCE = random.Random(SEED)
STARTED = {}
FAULTS = ["kill node", "kill server", "stop node", "stop server", "cut off node", "cut off node"]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


PORTS = free_ports(21)
CLIENT, ROUTE, MONITOR, LISTEN = (PORTS[at : at + 3] for at in (0, 3, 6, 9))
# One way from each node to each server, so that a node can be cut off.
GATES = [PORTS[at : at + 3] for at in (12, 15, 18)]
NODES = ",".join(f"127.0.0.1:{port}" for port in LISTEN)


class Network:
    """Carries bytes between nodes and servers. What a node that is cut off sends and is sent waits,
    and arrives late."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.through = []
        threading.Thread(target=self.run, daemon=True).start()
        while len(self.through) < 3:
            time.sleep(0.01)

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.listen())
        self.loop.run_forever()

    async def listen(self):
        for node, ports in enumerate(GATES):
            through = asyncio.Event()
            through.set()
            for server, port in enumerate(ports):
                serve = self.serving(CLIENT[server], through)
                await asyncio.start_server(serve, "127.0.0.1", port)
            self.through.append(through)

    def serving(self, target, through):
        async def serve(reader, writer):
            try:
                await through.wait()
                there = await asyncio.open_connection("127.0.0.1", target)
            except OSError:
                writer.close()
                return
            await asyncio.gather(
                self.carry(reader, there[1], through), self.carry(there[0], writer, through)
            )

        return serve

    async def carry(self, reader, writer, through):
        try:
            while data := await reader.read(1 << 16):
                await through.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    def cut(self, node):
        self.loop.call_soon_threadsafe(self.through[node].clear)

    def heal(self, node):
        self.loop.call_soon_threadsafe(self.through[node].set)


def say(text):
    print(f"{time.monotonic() - BEGIN:6.1f} s  {text}", flush=True)


def start(name, command):
    log = open(RUN / f"{name}.log", "ab")
    STARTED[name] = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)


def kill(name, how=signal.SIGKILL):
    process = STARTED[name]
    process.send_signal(how)
    if how in (signal.SIGKILL, signal.SIGTERM):
        return process.wait(timeout=30)
    return None


def start_server(place, sync="always"):
    config = RUN / f"server{place}.conf"
    routes = ", ".join(f"nats://127.0.0.1:{port}" for port in ROUTE)
    config.write_text(
        f"""server_name: s{place}
listen: 127.0.0.1:{CLIENT[place]}
http: 127.0.0.1:{MONITOR[place]}
jetstream {{ store_dir: "{RUN}/store{place}", sync_interval: {sync} }}
cluster {{ name: jidian, listen: 127.0.0.1:{ROUTE[place]}, no_advertise: true, routes: [{routes}] }}
"""
    )
    start(f"s{place}", [str(SERVER), "-c", str(config)])


def node_command(place, data, *more):
    others = ",".join(name for name in NAMES if name != NAMES[place])
    return [
        JIDIAN, "bank", "node", "--data", str(data), "--name", NAMES[place], "--peers", others,
        "--nats", ",".join(f"nats://127.0.0.1:{port}" for port in GATES[place]),
        "--monitor", ",".join(f"127.0.0.1:{port}" for port in MONITOR),
        "--listen", f"127.0.0.1:{LISTEN[place]}", *more,
    ]  # fmt: skip


def start_node(place, data, *more):
    start(NAMES[place], node_command(place, data, *more))


def jidian(*arguments):
    done = subprocess.run([JIDIAN, "bank", *arguments], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError(f"jidian bank {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def status(place):
    try:
        return json.loads(jidian("status", "--connect", f"127.0.0.1:{LISTEN[place]}", "--json"))
    except (AssertionError, subprocess.TimeoutExpired):
        return None


def wait_until(what, condition, patience=40):
    give_up = time.monotonic() + patience
    while time.monotonic() < give_up:
        if condition():
            return
        time.sleep(0.2)
    raise AssertionError(f"after {patience} s still not: {what}")


def monitored(place):
    try:
        socket.create_connection(("127.0.0.1", MONITOR[place]), 1).close()
        return True
    except OSError:
        return False


def settled():
    found = [status(place) for place in range(3)]
    if not all(found):
        return False
    return len({(each["record"], each["hash"], each["final"]) for each in found}) == 1 and any(
        each["role"] == "writer" for each in found
    ) and found[0]["final"] == found[0]["record"]


def check_unsynced_is_refused():
    """A server with JetStream's default sync must not get a node."""
    for place in range(3):
        start_server(place, sync="2m")
    wait_until("servers answer", lambda: all(monitored(place) for place in range(3)))
    command = node_command(0, RUN / "n1", "--first-start")
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode != 0, "a node started on servers that don't sync"
    assert "acknowledges before it syncs" in done.stderr, done.stderr
    for place in range(3):
        kill(f"s{place}")
        shutil.rmtree(RUN / f"store{place}", ignore_errors=True)
    say("servers that acknowledge before they sync are refused")


def trouble(data):
    """One fault, and its end."""
    place = CHANCE.randrange(3)
    pause = 1 + 3 * CHANCE.random()
    what = CHANCE.choice(FAULTS)
    name = NAMES[place] if "node" in what else f"s{place}"
    if what in ("stop node", "cut off node") and CHANCE.random() < 0.7:
        # A writer that is away for longer than the others' patience comes back fenced.
        roles = {p: (status(p) or {}).get("role") for p in range(3)}
        place = next((p for p, role in roles.items() if role == "writer"), place)
        name, pause = NAMES[place], 3.5
    say(f"{what} {name} for {pause:.1f} s")
    if what.startswith("kill"):
        kill(name)
        time.sleep(pause)
        if "node" in what:
            start_node(place, data[place])
        else:
            start_server(place)
    elif what.startswith("cut"):
        NETWORK.cut(place)
        time.sleep(pause)
        NETWORK.heal(place)
    else:
        kill(name, signal.SIGSTOP)
        time.sleep(pause)
        kill(name, signal.SIGCONT)
    time.sleep(1.5 + CHANCE.random())
    return what


def stop_nodes():
    for name in NAMES:
        code = kill(name, signal.SIGTERM)
        assert code == 0, f"{name} ended with {code}, see {RUN}/{name}.log"


def alike_bit_for_bit(data):
    logs = [(each / "cluster.log").read_bytes() for each in data]
    assert logs[0] == logs[1] == logs[2], f"the logs differ: {[len(log) for log in logs]} bytes"
    return len(logs[0])


def load(first, seconds, file):
    return [
        JIDIAN, "bank", "load", "--connect", NODES, "--seed", str(SEED), "--clients", "3",
        "--wallets", "50", "--customers", "300", "--first", str(first), "--for", str(seconds),
        "--acknowledged", str(file), "--json",
    ]  # fmt: skip


def figures(process, name):
    out, error = process.communicate(timeout=180)
    assert process.returncode == 0, f"{name}: {error}"
    found = json.loads(out)
    say(f"{name}: {json.dumps(found)}")
    return found


def main():
    shutil.rmtree(RUN, ignore_errors=True)
    RUN.mkdir(parents=True)
    say(f"seed {SEED}; servers {CLIENT}, nodes {LISTEN}")
    data = [RUN / name for name in NAMES]
    for each in data:
        jidian("init", "--data", str(each), "--seed", str(SEED))
    check_unsynced_is_refused()

    for place in range(3):
        start_server(place)
    wait_until("servers answer", lambda: all(monitored(place) for place in range(3)))
    for place in range(3):
        start_node(place, data[place], "--first-start")
    wait_until("one node writes and all agree", settled)
    say("three nodes on three servers")

    acknowledged = RUN / "acknowledged"
    command = load(0, LOAD_S, acknowledged)
    paying = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    STARTED["load"] = paying
    time.sleep(4)
    faults = []
    end = time.monotonic() + LOAD_S - 8
    while time.monotonic() < end and paying.poll() is None:
        faults.append(trouble(data))
    figures(paying, f"load under {len(faults)} faults")
    wait_until("all nodes hold the same", settled)
    stop_nodes()
    size = alike_bit_for_bit(data)
    found = jidian(
        "compare", "--from", ",".join(map(str, data)), "--acknowledged", str(acknowledged),
        "--signatures", "--json",
    )  # fmt: skip
    say(f"logs of {size} bytes are alike: {json.dumps(json.loads(found))}")

    for place in range(3):
        kill(f"s{place}")
        shutil.rmtree(RUN / f"store{place}")
        start_server(place)
    wait_until("servers answer", lambda: all(monitored(place) for place in range(3)))
    again = [RUN / f"again-{name}" for name in NAMES]
    for each in again:
        jidian("reseed", "--data", str(each), "--from", ",".join(map(str, data)))
    for place in range(3):
        start_node(place, again[place])
    wait_until("the re-seeded cluster works", settled)
    more = RUN / "acknowledged-again"
    paying = subprocess.Popen(
        load(150, 4, more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    STARTED["load"] = paying
    figures(paying, "load without faults, after re-seeding")
    wait_until("all nodes hold the same", settled)
    stop_nodes()
    alike_bit_for_bit(again)
    for file in (acknowledged, more):
        jidian("compare", "--from", ",".join(map(str, again)), "--acknowledged", str(file))
    say("the stream was lost, and nothing acknowledged with it")


BEGIN = time.monotonic()
NETWORK = Network()
try:
    main()
finally:
    for process in STARTED.values():
        if process.poll() is None:
            process.kill()
            process.wait()
