#include "kernel.h"
#include "bus.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct iio_dev *kernel_device;
bool kernel_bypasses_cache;
unsigned int kernel_events;
u64 kernel_last_event;
u32 kernel_words[8192];
unsigned int kernel_word_count;
unsigned int kernel_set_words = 1;

/* Interrupts come while the driver sleeps. */
void fsleep(unsigned long microseconds)
{
	usleep(microseconds);
	kernel_poll_interrupts();
}

unsigned long wait_for_completion_timeout(struct completion *it, unsigned long milliseconds)
{
	for (; milliseconds && !it->done; milliseconds--)
		fsleep(1000);
	return milliseconds;
}

/* Transfers of a message follow each other while chip select is low. */
int spi_sync(struct spi_device *spi, struct spi_message *message)
{
	static u8 bytes[65535];
	size_t length = 0;
	unsigned int i;

	(void)spi;
	for (i = 0; i < message->count; length += message->transfers[i++].len) {
		if (length + message->transfers[i].len > sizeof(bytes))
			return -EMSGSIZE;
		memset(bytes + length, 0, message->transfers[i].len);
		if (message->transfers[i].tx_buf)
			memcpy(bytes + length, message->transfers[i].tx_buf, message->transfers[i].len);
	}
	bus_exchange(bytes, bytes, length);
	length = 0;
	for (i = 0; i < message->count; length += message->transfers[i++].len)
		if (message->transfers[i].rx_buf)
			memcpy(message->transfers[i].rx_buf, bytes + length, message->transfers[i].len);
	return 0;
}

int spi_write_then_read(struct spi_device *spi, const void *tx, unsigned int tx_length, void *rx,
			unsigned int rx_length)
{
	struct spi_transfer transfers[] = {
		{ .tx_buf = tx, .len = tx_length },
		{ .rx_buf = rx, .len = rx_length },
	};
	struct spi_message message;

	spi_message_init_with_transfers(&message, transfers, 2);
	return spi_sync(spi, &message);
}

struct regmap {
	struct regmap_config config;
	void *context;
	struct device *dev;
	u32 *cached;
	bool *has;
};

struct regmap *devm_regmap_init(struct device *dev, const void *bus, void *context,
				const struct regmap_config *config)
{
	struct regmap *map = calloc(1, sizeof(*map));

	(void)bus;
	map->config = *config;
	map->context = context;
	map->dev = dev;
	map->cached = calloc(config->max_register + 1, sizeof(*map->cached));
	map->has = calloc(config->max_register + 1, sizeof(*map->has));
	return map;
}

static bool is_cached(struct regmap *map, unsigned int reg)
{
	return map->config.cache_type != REGCACHE_NONE && !kernel_bypasses_cache &&
	       !(map->config.volatile_reg && map->config.volatile_reg(map->dev, reg));
}

int regmap_read(struct regmap *map, unsigned int reg, unsigned int *value)
{
	int error;

	if (reg > map->config.max_register)
		return -EIO;
	if (is_cached(map, reg) && map->has[reg]) {
		*value = map->cached[reg];
		return 0;
	}
	error = map->config.reg_read(map->context, reg, value);
	if (!error && is_cached(map, reg)) {
		map->cached[reg] = *value;
		map->has[reg] = true;
	}
	return error;
}

int regmap_write(struct regmap *map, unsigned int reg, unsigned int value)
{
	if (reg > map->config.max_register)
		return -EIO;
	if (is_cached(map, reg)) {
		map->cached[reg] = value;
		map->has[reg] = true;
	}
	return map->config.reg_write(map->context, reg, value);
}

int regmap_update_bits(struct regmap *map, unsigned int reg, unsigned int mask, unsigned int value)
{
	unsigned int before, after;
	int error = regmap_read(map, reg, &before);

	if (error)
		return error;
	after = (before & ~mask) | (value & mask);
	return after == before ? 0 : regmap_write(map, reg, after);
}

int regmap_bulk_read(struct regmap *map, unsigned int reg, void *values, size_t count)
{
	unsigned int *words = values;
	int error = 0;
	size_t i;

	for (i = 0; i < count && !error; i++)
		error = regmap_read(map, reg + i, &words[i]);
	return error;
}

int regmap_multi_reg_write(struct regmap *map, const struct reg_sequence *writes, int count)
{
	int error = 0;
	int i;

	for (i = 0; i < count && !error; i++)
		error = regmap_write(map, writes[i].reg, writes[i].def);
	return error;
}

/* IRQ0 is line 0, IRQ1 is line 1; nothing is at the pin CF4. */
static struct {
	irq_handler_t thread;
	void *data;
} lines[2];

int fwnode_irq_get_byname(const struct device *dev, const char *name)
{
	(void)dev;
	if (!strcmp(name, "irq0"))
		return 0;
	return strcmp(name, "irq1") ? -EINVAL : 1;
}

int devm_request_threaded_irq(struct device *dev, int irq, irq_handler_t handler,
			      irq_handler_t thread, unsigned long flags, const char *name,
			      void *data)
{
	(void)dev, (void)handler, (void)flags, (void)name;
	lines[irq].thread = thread;
	lines[irq].data = data;
	return 0;
}

static u32 read_register(u16 address)
{
	u8 bytes[6] = { address >> 4, address << 4 | 8 };

	bus_exchange(bytes, bytes, sizeof(bytes));
	return get_unaligned_be32(bytes + 2);
}

/* The port has no pins: a line is low while a status bit is set whose interrupt isn't masked. */
void kernel_poll_interrupts(void)
{
	static const u16 status[] = { 0x402, 0x403 };
	static const u32 unmaskable[] = { 0, 1 << 16 };
	int i;

	for (i = 0; i < 2; i++) {
		u32 enabled = read_register(status[i] + 3) | unmaskable[i];

		if (lines[i].thread && read_register(status[i]) & enabled)
			lines[i].thread(i, lines[i].data);
	}
}

struct iio_dev *devm_iio_device_alloc(struct device *dev, size_t private_size)
{
	struct iio_dev *iio = calloc(1, sizeof(*iio));

	(void)dev;
	iio->priv = calloc(1, private_size);
	iio->active_scan_mask = calloc(1, sizeof(*iio->active_scan_mask));
	return iio;
}

int devm_iio_kfifo_buffer_setup(struct device *dev, struct iio_dev *iio,
				const struct iio_buffer_setup_ops *ops)
{
	(void)dev;
	iio->setup_ops = ops;
	return 0;
}

int devm_iio_device_register(struct device *dev, struct iio_dev *iio)
{
	(void)dev;
	kernel_device = iio;
	return 0;
}

void iio_push_to_buffers(struct iio_dev *dev, const void *set)
{
	const u8 *bytes = set;
	unsigned int i;

	(void)dev;
	for (i = 0; i < kernel_set_words && kernel_word_count < ARRAY_SIZE(kernel_words); i++)
		kernel_words[kernel_word_count++] = get_unaligned_be32(bytes + 4 * i);
}

void iio_push_event(struct iio_dev *dev, u64 code, s64 time_ns)
{
	(void)dev, (void)time_ns;
	kernel_events++;
	kernel_last_event = code;
}
