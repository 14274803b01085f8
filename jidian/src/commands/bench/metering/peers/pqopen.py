"""Runs pqopen-lib over WAV files, timing the first, and prints what it read as JSON."""

import sys
import time

try:
    import numpy
    from daqopen.channelbuffer import AcqBuffer
    from pqopen.powersystem import PowerSystem
    from scipy.io import wavfile
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)

import json
from importlib.metadata import version

# Its buffers hold 100,000 samples; it is fastest with as much as possible at once.
BLOCK = 80_000
PERIODS = 10


def read(path, volts, amperes):
    """Rate and the channels ua ub uc ia ib ic in volts and amperes."""
    rate, codes = wavfile.read(path)
    parts = codes.T[:6] / 2**31
    return rate, [*(parts[:3] * volts), *(parts[3:] * amperes)]


def play(rate, channels):
    """As its README shows, with harmonics and the neutral's current."""
    buffers = [AcqBuffer() for _ in channels]
    system = PowerSystem(zcd_channel=buffers[0], input_samplerate=rate)
    for phase in range(3):
        system.add_phase(u_channel=buffers[phase], i_channel=buffers[3 + phase])
    system.enable_harmonic_calculation(50)
    system.enable_neutral_current_calculation()
    for begin in range(0, len(channels[0]), BLOCK):
        for buffer, samples in zip(buffers, channels):
            buffer.put_data(samples[begin : begin + BLOCK])
        system.process()
    return system


def speed(rate, channels, budget):
    # Time on the processor, as for the others.
    rounds, best, begin = 0, float("inf"), time.perf_counter()
    while rounds == 0 or time.perf_counter() - begin < budget:
        start = time.process_time()
        play(rate, channels)
        best = min(best, time.process_time() - start)
        rounds += 1
    return rounds, best


def windows(rate, channels):
    output = play(rate, channels).output_channels
    length = len(channels[0])

    def values(name):
        return output[name].read_data_by_acq_sidx(0, length)

    def phases(name, scale=1.0):
        return numpy.array([values(name.format(n))[0] for n in (1, 2, 3)], dtype=float).T * scale

    ends = values("U1_rms")[1]
    frequency, places = values("Freq")
    last = numpy.searchsorted(places, ends) + 1
    hertz = [float(numpy.mean(frequency[at - PERIODS : at], dtype=float)) for at in last]
    columns = {
        "volts": phases("U{}_rms"),
        "amperes": phases("I{}_rms"),
        "watts": phases("P{}"),
        "voltage_distortion": phases("U{}_THD", 0.01),
        "current_distortion": phases("I{}_THD", 0.01),
    }
    rows = range(len(hertz))
    return [{"hertz": hertz[n], **{k: v[n].tolist() for k, v in columns.items()}} for n in rows]


def main(budget, volts, amperes, *files):
    volts, amperes = float(volts), float(amperes)
    rounds, best = speed(*read(files[0], volts, amperes), float(budget))
    answer = {
        "version": version("pqopen-lib"),
        "python": sys.version.split()[0],
        "numpy": numpy.__version__,
        "rounds": rounds,
        "best_round_seconds": best,
        "files": [windows(*read(file, volts, amperes)) for file in files],
    }
    json.dump(answer, sys.stdout)


main(*sys.argv[1:])
