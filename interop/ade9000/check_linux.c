/*
 * The Linux driver on `jidian chip ade9000`: probed and asked through its own functions, as the
 * industrial I/O subsystem would ask it. Each line is PASS or FAIL with what was read.
 *
 *	check_linux HOST:PORT VOLTS AMPERES LAG_DEGREES HERTZ FIFTH_U% FIFTH_I%
 */
#include "platform/bus.h"
#include "platform/kernel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The default of `jidian chip`: volts and amperes of the line at full scale, 1 V peak. */
#define FULL_VOLTS (801.0 * M_SQRT1_2)
#define FULL_AMPERES (300.0 * M_SQRT1_2)
/* Full-scale codes of the data sheet, Rev. B. */
#define RMS_CODE 52702092.0
#define POWER_CODE 20694066.0
#define PCF_CODE 74532013.0
#define RESAMPLED_CODE 18196.0
/* How far the driver's own scales may be from that; its codes are those of an older data sheet. */
#define OLD_CODES 4e-3

static int failures;

static void report(bool passed, const char *what, double got, double wanted, const char *unit)
{
	printf("%s %-44s %14.4f of %14.4f %s\n", passed ? "PASS" : "FAIL", what, got, wanted, unit);
	failures += !passed;
}

static void near(const char *what, double got, double wanted, double tolerance, const char *unit)
{
	report(fabs(got - wanted) <= tolerance, what, got, wanted, unit);
}

static const struct iio_chan_spec *channel(enum iio_chan_type type, int phase, int modifier)
{
	int i;

	for (i = 0; i < kernel_device->num_channels; i++) {
		const struct iio_chan_spec *spec = &kernel_device->channels[i];

		if (spec->type == type && spec->channel == phase && spec->channel2 == modifier)
			return spec;
	}
	fprintf(stderr, "the driver has no channel of type %d\n", type);
	exit(1);
}

/* A number as the subsystem makes one from what the driver returns. */
static double ask(const struct iio_chan_spec *spec, long info)
{
	int first = 0, second = 0;
	int form = kernel_device->info->read_raw(kernel_device, spec, &first, &second, info);

	switch (form) {
	case IIO_VAL_INT:
		return first;
	case IIO_VAL_FRACTIONAL:
		return (double)first / second;
	default:
		fprintf(stderr, "the driver answers %d\n", form);
		exit(1);
	}
}

/* Ripple of an rms at twice the line's frequency goes out in the mean over 0.2 s. */
static double mean(const struct iio_chan_spec *spec)
{
	double sum = 0;
	int i;

	for (i = 0; i < 200; i++) {
		sum += ask(spec, IIO_CHAN_INFO_RAW);
		fsleep(1000);
	}
	return sum / 200;
}

/* Checks a mean against the data sheet's full-scale code, and the driver's scale against that. */
static void check_scaled(const char *what, const struct iio_chan_spec *spec, double code,
			 double full, double wanted, double tolerance, const char *unit)
{
	double raw = mean(spec);

	near(what, raw / code * full, wanted, tolerance, unit);
	near("  with the driver's scale", raw * ask(spec, IIO_CHAN_INFO_SCALE) * full, wanted,
	     tolerance + fabs(wanted) * OLD_CODES, unit);
}

static u32 get(unsigned int reg)
{
	unsigned int value = 0;

	kernel_device->info->debugfs_reg_access(kernel_device, reg, 0, &value);
	return value;
}

static void put(unsigned int reg, u32 value)
{
	kernel_device->info->debugfs_reg_access(kernel_device, reg, value, NULL);
}

struct line {
	double volts, amperes, lag, hertz, fifth_volts, fifth_amperes;
};

static double root(double share)
{
	return sqrt(1 + share * share);
}

static void check_measures(const struct line *line, int phase)
{
	double lag = line->lag * M_PI / 180;
	double volts = line->volts * root(line->fifth_volts);
	double amperes = line->amperes * root(line->fifth_amperes);
	double fundamental = line->volts * line->amperes;
	/* The fifth of the current lags five times as far behind the fifth of the voltage. */
	double fifth = fundamental * line->fifth_volts * line->fifth_amperes;
	double watts = fundamental * cos(lag) + fifth * cos(5 * lag);
	double vars = fundamental * sin(lag) + fifth * sin(5 * lag);
	double full = FULL_VOLTS * FULL_AMPERES;
	double read;

	check_scaled("voltage", channel(IIO_ALTVOLTAGE, phase, IIO_MOD_RMS), RMS_CODE, FULL_VOLTS,
		     volts, volts * 5e-4, "V");
	check_scaled("current", channel(IIO_ALTCURRENT, phase, IIO_MOD_RMS), RMS_CODE, FULL_AMPERES,
		     amperes, amperes * 5e-4, "A");
	check_scaled("active power", channel(IIO_POWER, phase, IIO_MOD_ACTIVE), POWER_CODE, full,
		     watts, fundamental * 5e-4, "W");
	check_scaled("reactive power", channel(IIO_POWER, phase, IIO_MOD_REACTIVE), POWER_CODE, full,
		     vars, fundamental * 1e-3, "var");
	check_scaled("apparent power", channel(IIO_POWER, phase, IIO_MOD_APPARENT), POWER_CODE, full,
		     volts * amperes, volts * amperes * 1e-3, "VA");
	/* 5.27 bits; the driver gives no scale. */
	read = ask(channel(IIO_POWER, phase, IIO_NO_MOD), IIO_CHAN_INFO_POWERFACTOR) / (1 << 27);
	near("power factor", read, watts / (volts * amperes), 1e-3, "");
	/* It takes 4000 for the rate, which is 8000: half of the frequency. */
	read = ask(channel(IIO_VOLTAGE, phase, 0), IIO_CHAN_INFO_FREQUENCY);
	near("frequency", read < 35 ? 2 * read : read, line->hertz, 1e-3, "Hz");
}

/* One energy of 8000 samples, overwritten each second: mean power times a second. */
static double energy(int phase, enum iio_modifier of)
{
	int low = 0, high = 0, again = -1;
	const struct iio_chan_spec *spec = channel(IIO_ENERGY, phase, of);

	/* Both words of one second. */
	while (high != again) {
		again = high;
		kernel_device->info->read_raw(kernel_device, spec, &low, &high, IIO_CHAN_INFO_RAW);
	}
	return ((double)high * 8192 + low) / 8000 / POWER_CODE * FULL_VOLTS * FULL_AMPERES;
}

static void check_energies(const struct line *line, int phase)
{
	double lag = line->lag * M_PI / 180;
	double fundamental = line->volts * line->amperes;
	double fifth = fundamental * line->fifth_volts * line->fifth_amperes;
	double apparent = fundamental * root(line->fifth_volts) * root(line->fifth_amperes);

	near("active energy of a second", energy(phase, IIO_MOD_ACTIVE),
	     fundamental * cos(lag) + fifth * cos(5 * lag), fundamental * 5e-4, "Ws");
	near("apparent energy of a second", energy(phase, IIO_MOD_APPARENT), apparent,
	     apparent * 1e-3, "VAs");
	/* Its third one is that of the fundamental. */
	near("fundamental reactive energy of a second", energy(phase, IIO_MOD_REACTIVE),
	     fundamental * sin(lag), fundamental * 1e-3, "vars");
}

/* xV_PCF at many instants: never above the peak, and close to it. */
static void check_samples(const struct line *line)
{
	const struct iio_chan_spec *spec = channel(IIO_VOLTAGE, 0, 0);
	/* In phase at the zero crossing, so their peaks add up. */
	double peak = 0, wanted = line->volts * M_SQRT2 * (1 + line->fifth_volts);
	int i;

	for (i = 0; i < 4000; i++)
		peak = fmax(peak, fabs(ask(spec, IIO_CHAN_INFO_RAW)));
	peak *= 801 / PCF_CODE;
	near("highest sample of the voltage", peak, wanted, wanted * 0.01, "V");
}

/* Twice the current with a gain of 1 + 2^27 / 2^27, and back. */
static void check_gain(const struct line *line)
{
	const struct iio_chan_spec *gain = channel(IIO_CURRENT, 0, 0);
	double wanted = line->amperes * root(line->fifth_amperes), read;

	kernel_device->info->write_raw(kernel_device, gain, 1 << 27, 0, IIO_CHAN_INFO_CALIBSCALE);
	fsleep(1500000);
	read = mean(channel(IIO_ALTCURRENT, 0, IIO_MOD_RMS)) * FULL_AMPERES / RMS_CODE;
	near("current with twice the gain", read, 2 * wanted, wanted * 1e-3, "A");
	kernel_device->info->write_raw(kernel_device, gain, 0, 0, IIO_CHAN_INFO_CALIBSCALE);
}

static unsigned int events_of(const struct iio_chan_spec *spec, enum iio_event_direction direction)
{
	const struct iio_info *info = kernel_device->info;
	unsigned int before = kernel_events;
	int i;

	info->write_event_config(kernel_device, spec, IIO_EV_TYPE_THRESH, direction, true);
	for (i = 0; i < 500; i++)
		fsleep(1000);
	report(info->read_event_config(kernel_device, spec, IIO_EV_TYPE_THRESH, direction) == 1,
	       "an event is on", 1, 1, "");
	info->write_event_config(kernel_device, spec, IIO_EV_TYPE_THRESH, direction, false);
	return kernel_events - before;
}

static void check_events(void)
{
	const struct iio_chan_spec *rms = channel(IIO_ALTVOLTAGE, 1, IIO_MOD_RMS);
	const struct iio_info *info = kernel_device->info;
	unsigned int seen;

	seen = events_of(channel(IIO_VOLTAGE, 0, 0), IIO_EV_DIR_EITHER);
	report(seen >= 10, "zero crossings of VA, at least", seen, 10, "");
	seen = events_of(rms, IIO_EV_DIR_FALLING);
	report(seen == 0, "dips of VB below no level", seen, 0, "");
	put(0x48B, 2);
	info->write_event_value(kernel_device, rms, IIO_EV_TYPE_THRESH, IIO_EV_DIR_FALLING,
				IIO_EV_INFO_VALUE, 0x00FFFFFF, 0);
	seen = events_of(rms, IIO_EV_DIR_FALLING);
	report(seen >= 5, "dips of VB below full scale, at least", seen, 5, "");
	info->write_event_value(kernel_device, rms, IIO_EV_TYPE_THRESH, IIO_EV_DIR_FALLING,
				IIO_EV_INFO_VALUE, 0, 0);
}

/*
 * The driver leaves WF_CAP_SEL at 0, so the buffer has resampled half-words: 128 points in a
 * cycle, two in a word that it pushes. Half a buffer of one channel is two cycles.
 */
static void check_buffer(const struct line *line)
{
	const struct iio_buffer_setup_ops *ops = kernel_device->setup_ops;
	double squares = 0, wanted = line->volts * root(line->fifth_volts);
	unsigned int i;

	*kernel_device->active_scan_mask = 1 << channel(IIO_VOLTAGE, 0, 0)->scan_index;
	if (ops->preenable(kernel_device)) {
		report(false, "the buffer starts", 0, 1, "");
		return;
	}
	kernel_device->has_buffer_on = true;
	for (i = 0; i < 400 && kernel_word_count < 128; i++)
		fsleep(1000);
	kernel_device->has_buffer_on = false;
	ops->postdisable(kernel_device);
	report(kernel_word_count == 128, "words of the buffer's first half", kernel_word_count, 128, "");
	for (i = 0; i < 2 * kernel_word_count; i++) {
		int16_t point = (int16_t)(kernel_words[i / 2] >> (i % 2 ? 0 : 16));

		squares += (double)point * point;
	}
	near("voltage from two cycles of the buffer",
	     sqrt(squares / (2 * kernel_word_count)) / RESAMPLED_CODE * 801, wanted, wanted * 2e-3, "V");
}

int main(int argc, char **argv)
{
	struct spi_device spi = { 0 };
	struct line line;
	int phase, error;

	if (argc != 8) {
		fprintf(stderr, "usage: check_linux HOST:PORT VOLTS AMPERES LAG HERTZ U5%% I5%%\n");
		return 2;
	}
	line = (struct line){ atof(argv[2]), atof(argv[3]), atof(argv[4]), atof(argv[5]),
			      atof(argv[6]) / 100, atof(argv[7]) / 100 };
	setvbuf(stdout, NULL, _IOLBF, 0);
	bus_open(argv[1]);
	error = kernel_driver->probe(&spi);
	report(!error && kernel_device, "probe", error, 0, "");
	if (failures)
		return 1;
	/* The driver calls all but the status registers cacheable, so a cached rms would never change. */
	kernel_bypasses_cache = true;
	report(get(0x4FE) >> 22 == 3, "version, as 32 bits", get(0x4FE) >> 16, 0xFE, "");
	/* It takes RUN for 32 bits: 16 data bits, then their check. */
	report(get(0x480) >> 16 == 1, "RUN", get(0x480) >> 16, 1, "");
	/* SELFREQ is the user's to set. */
	if (line.hertz > 55)
		put(0x492, 0x0100);
	fsleep(3500000);
	for (phase = 0; phase < 3; phase++) {
		printf("-- phase %c\n", 'A' + phase);
		check_measures(&line, phase);
		check_energies(&line, phase);
	}
	check_samples(&line);
	check_gain(&line);
	kernel_bypasses_cache = false;
	check_events();
	check_buffer(&line);
	return failures != 0;
}
