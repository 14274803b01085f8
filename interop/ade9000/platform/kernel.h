/*
 * What the driver of Linux asks of its kernel, in a process: the names are the kernel's, the code
 * behind them is ours and as small as the driver allows. The run script makes every header that
 * the driver includes a line that includes this one.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef int64_t s64;
typedef uint64_t u64;
typedef uint32_t __be32;

/* bits.h, bitfield.h, unaligned.h, kernel.h */
#define BIT(n) (1UL << (n))
#define GENMASK(high, low) ((~0UL >> (63 - (high))) & (~0UL << (low)))
#define FIELD_PREP(mask, value) (((unsigned long)(value) << __builtin_ctzl(mask)) & (mask))
#define FIELD_GET(mask, value) (((unsigned long)(value) & (mask)) >> __builtin_ctzl(mask))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define IS_ENABLED(option) 0
#define __aligned(bytes) __attribute__((aligned(bytes)))

static inline void put_unaligned_be16(u16 value, void *to)
{
	((u8 *)to)[0] = value >> 8;
	((u8 *)to)[1] = value;
}

static inline void put_unaligned_be32(u32 value, void *to)
{
	put_unaligned_be16(value >> 16, to);
	put_unaligned_be16(value, (u8 *)to + 2);
}

static inline u16 get_unaligned_be16(const void *from)
{
	return ((const u8 *)from)[0] << 8 | ((const u8 *)from)[1];
}

static inline u32 get_unaligned_be32(const void *from)
{
	return (u32)get_unaligned_be16(from) << 16 | get_unaligned_be16((const u8 *)from + 2);
}

/* bitmap.h: at most one word. */
#define DECLARE_BITMAP(name, bits) unsigned long name[1]
#define bitmap_from_arr32(map, array, bits) ((map)[0] = *(array) & (BIT(bits) - 1))
#define bitmap_to_arr32(array, map, bits) (*(array) = (map)[0] & (BIT(bits) - 1))
#define for_each_set_bit_from(bit, map, size) \
	for (; (bit) < (size); (bit)++) if ((map)[0] >> (bit) & 1)

/* err.h, printk.h, device.h */
struct device {
	void *driver_data;
};

#define IS_ERR(pointer) ((unsigned long)(pointer) >= (unsigned long)-4095)
#define PTR_ERR(pointer) ((int)(long)(pointer))
#define dev_err(dev, ...) ((void)(dev), fprintf(stderr, "driver: " __VA_ARGS__))
#define dev_err_ratelimited dev_err
#define dev_err_probe(dev, error, ...) (dev_err(dev, __VA_ARGS__), (error))
#define dev_fwnode(dev) (dev)
#define device_property_present(dev, name) ((void)(dev), false)

/*
 * delay.h, completion.h, mutex.h, cleanup.h: one thread, so a lock has nothing to do, and handlers
 * of interrupts run where it sleeps.
 */
void fsleep(unsigned long microseconds);

struct completion {
	bool done;
};
struct mutex {
	int unused;
};
#define init_completion(it) ((it)->done = false)
#define complete(it) ((it)->done = true)
#define completion_done(it) ((it)->done)
#define msecs_to_jiffies(milliseconds) (milliseconds)
unsigned long wait_for_completion_timeout(struct completion *it, unsigned long milliseconds);
#define devm_mutex_init(dev, lock) ((void)(lock), 0)
#define guard(kind) (void)

/* clk.h, clk-provider.h: a crystal. */
struct clk;
struct clk_hw;
#define CLK_SET_RATE_PARENT 0
#define __clk_get_name(clk) ((void)(clk), "")
#define devm_clk_get_optional_enabled(dev, name) ((struct clk *)NULL)
#define devm_clk_hw_register_fixed_factor(...) ((struct clk_hw *)NULL)
#define of_clk_hw_simple_get NULL
#define devm_of_clk_add_hw_provider(dev, get, data) ((void)(data), 0)

/* regulator/consumer.h, gpio/consumer.h: always supplied, no second reference, no reset pin. */
struct gpio_desc;
#define GPIOD_OUT_HIGH 0
#define devm_regulator_get_enable(dev, name) 0
#define devm_regulator_get_enable_optional(dev, name) (-ENODEV)
#define devm_gpiod_get_optional(dev, name, flags) ((struct gpio_desc *)NULL)
#define gpiod_set_value_cansleep(gpio, value) ((void)(gpio))

/* interrupt.h: the lines are looked at by `kernel_poll_interrupts`. */
typedef int irqreturn_t;
typedef irqreturn_t (*irq_handler_t)(int, void *);
#define IRQ_HANDLED 1
#define IRQF_ONESHOT 0
#define KBUILD_MODNAME "ade9000"
int fwnode_irq_get_byname(const struct device *dev, const char *name);
int devm_request_threaded_irq(struct device *dev, int irq, irq_handler_t handler,
			      irq_handler_t thread, unsigned long flags, const char *name,
			      void *data);

/* spi/spi.h */
struct spi_device {
	struct device dev;
};
struct spi_transfer {
	const void *tx_buf;
	void *rx_buf;
	unsigned int len;
};
struct spi_message {
	struct spi_transfer *transfers;
	unsigned int count;
};
static inline void spi_message_init_with_transfers(struct spi_message *message,
						   struct spi_transfer *transfers,
						   unsigned int count)
{
	message->transfers = transfers;
	message->count = count;
}
int spi_sync(struct spi_device *spi, struct spi_message *message);
int spi_write_then_read(struct spi_device *spi, const void *tx, unsigned int tx_length, void *rx,
			unsigned int rx_length);

/* regmap.h, with its cache: without it, nothing tells the driver's stale values from fresh ones. */
enum regcache_type {
	REGCACHE_NONE,
	REGCACHE_RBTREE,
	REGCACHE_FLAT,
	REGCACHE_MAPLE,
};
struct reg_sequence {
	unsigned int reg;
	unsigned int def;
	unsigned int delay_us;
};
struct regmap_config {
	const char *name;
	int reg_bits;
	int val_bits;
	unsigned int max_register;
	bool zero_flag_mask;
	enum regcache_type cache_type;
	int (*reg_read)(void *context, unsigned int reg, unsigned int *value);
	int (*reg_write)(void *context, unsigned int reg, unsigned int value);
	bool (*volatile_reg)(struct device *dev, unsigned int reg);
};
struct regmap;
struct regmap *devm_regmap_init(struct device *dev, const void *bus, void *context,
				const struct regmap_config *config);
int regmap_read(struct regmap *map, unsigned int reg, unsigned int *value);
int regmap_write(struct regmap *map, unsigned int reg, unsigned int value);
int regmap_update_bits(struct regmap *map, unsigned int reg, unsigned int mask, unsigned int value);
int regmap_bulk_read(struct regmap *map, unsigned int reg, void *values, size_t count);
int regmap_multi_reg_write(struct regmap *map, const struct reg_sequence *writes, int count);
#define regmap_set_bits(map, reg, bits) regmap_update_bits(map, reg, bits, bits)
#define regmap_clear_bits(map, reg, bits) regmap_update_bits(map, reg, bits, 0)
#define regmap_assign_bits(map, reg, bits, value) \
	((value) ? regmap_set_bits(map, reg, bits) : regmap_clear_bits(map, reg, bits))

/* iio/iio.h, iio/events.h, iio/buffer.h, iio/kfifo_buf.h */
#define IIO_DMA_MINALIGN 8
#define INDIO_DIRECT_MODE 1
enum iio_chan_type {
	IIO_VOLTAGE,
	IIO_CURRENT,
	IIO_POWER,
	IIO_ALTVOLTAGE,
	IIO_ALTCURRENT,
	IIO_ENERGY,
};
enum iio_modifier {
	IIO_NO_MOD,
	IIO_MOD_RMS,
	IIO_MOD_ACTIVE,
	IIO_MOD_REACTIVE,
	IIO_MOD_APPARENT,
};
enum iio_chan_info_enum {
	IIO_CHAN_INFO_RAW,
	IIO_CHAN_INFO_SCALE,
	IIO_CHAN_INFO_OFFSET,
	IIO_CHAN_INFO_CALIBSCALE,
	IIO_CHAN_INFO_CALIBBIAS,
	IIO_CHAN_INFO_FREQUENCY,
	IIO_CHAN_INFO_POWERFACTOR,
};
enum iio_event_type {
	IIO_EV_TYPE_THRESH,
};
enum iio_event_direction {
	IIO_EV_DIR_EITHER,
	IIO_EV_DIR_RISING,
	IIO_EV_DIR_FALLING,
};
enum iio_event_info {
	IIO_EV_INFO_ENABLE,
	IIO_EV_INFO_VALUE,
};
enum iio_endian {
	IIO_CPU,
	IIO_BE,
};
enum iio_shared_by {
	IIO_SEPARATE,
	IIO_SHARED_BY_ALL,
};
#define IIO_VAL_INT 1
#define IIO_VAL_INT_64 5
#define IIO_VAL_FRACTIONAL 10
#define IIO_UNMOD_EVENT_CODE(chan_type, channel, type, direction) \
	((u64)(type) << 56 | (u64)(direction) << 48 | (u64)(chan_type) << 32 | (u64)(channel))

struct iio_dev;
struct iio_chan_spec;
struct iio_event_spec {
	enum iio_event_type type;
	enum iio_event_direction dir;
	unsigned long mask_separate;
};
struct iio_enum {
	const char *const *items;
	unsigned int num_items;
	int (*set)(struct iio_dev *dev, const struct iio_chan_spec *chan, unsigned int index);
	int (*get)(struct iio_dev *dev, const struct iio_chan_spec *chan);
};
struct iio_chan_spec_ext_info {
	const char *name;
	enum iio_shared_by shared;
	const struct iio_enum *choice;
};
#define IIO_ENUM(label, by, of) { .name = (label), .shared = (by), .choice = (of) }
#define IIO_ENUM_AVAILABLE(label, by, of) { .name = label "_available", .shared = (by) }
struct iio_chan_spec {
	enum iio_chan_type type;
	int channel;
	int channel2;
	unsigned long address;
	int scan_index;
	struct {
		char sign;
		u8 realbits;
		u8 storagebits;
		enum iio_endian endianness;
	} scan_type;
	unsigned long info_mask_separate;
	const struct iio_event_spec *event_spec;
	unsigned int num_event_specs;
	const struct iio_chan_spec_ext_info *ext_info;
	unsigned modified : 1;
	unsigned indexed : 1;
};
struct iio_info {
	int (*read_raw)(struct iio_dev *dev, struct iio_chan_spec const *chan, int *val, int *val2,
			long mask);
	int (*write_raw)(struct iio_dev *dev, struct iio_chan_spec const *chan, int val, int val2,
			 long mask);
	int (*debugfs_reg_access)(struct iio_dev *dev, unsigned int reg, unsigned int writeval,
				  unsigned int *readval);
	int (*read_event_config)(struct iio_dev *dev, const struct iio_chan_spec *chan,
				 enum iio_event_type type, enum iio_event_direction dir);
	int (*write_event_config)(struct iio_dev *dev, const struct iio_chan_spec *chan,
				  enum iio_event_type type, enum iio_event_direction dir,
				  bool state);
	int (*read_event_value)(struct iio_dev *dev, const struct iio_chan_spec *chan,
				enum iio_event_type type, enum iio_event_direction dir,
				enum iio_event_info info, int *val, int *val2);
	int (*write_event_value)(struct iio_dev *dev, const struct iio_chan_spec *chan,
				 enum iio_event_type type, enum iio_event_direction dir,
				 enum iio_event_info info, int val, int val2);
};
struct iio_buffer_setup_ops {
	int (*preenable)(struct iio_dev *dev);
	int (*postdisable)(struct iio_dev *dev);
};
struct iio_dev {
	struct device dev;
	const char *name;
	int modes;
	const struct iio_info *info;
	const struct iio_buffer_setup_ops *setup_ops;
	const struct iio_chan_spec *channels;
	int num_channels;
	unsigned long *active_scan_mask;
	void *priv;
	bool has_buffer_on;
};
#define iio_priv(dev) ((dev)->priv)
#define iio_get_masklength(dev) 6
#define iio_get_time_ns(dev) ((s64)0)
#define iio_buffer_enabled(dev) ((dev)->has_buffer_on)
#define iio_device_claim_direct(dev) (!(dev)->has_buffer_on)
#define iio_device_release_direct(dev) ((void)(dev))
#define iio_device_try_claim_buffer_mode(dev) ((dev)->has_buffer_on)
#define iio_device_release_buffer_mode(dev) ((void)(dev))
struct iio_dev *devm_iio_device_alloc(struct device *dev, size_t private_size);
int devm_iio_kfifo_buffer_setup(struct device *dev, struct iio_dev *iio,
				const struct iio_buffer_setup_ops *ops);
int devm_iio_device_register(struct device *dev, struct iio_dev *iio);
void iio_push_to_buffers(struct iio_dev *dev, const void *set);
void iio_push_event(struct iio_dev *dev, u64 code, s64 time_ns);

/* module.h */
struct of_device_id {
	const char *compatible;
};
struct spi_device_id {
	const char *name;
	unsigned long driver_data;
};
struct spi_driver {
	struct {
		const char *name;
		const struct of_device_id *of_match_table;
	} driver;
	int (*probe)(struct spi_device *spi);
	const struct spi_device_id *id_table;
};
#define module_spi_driver(driver) struct spi_driver *const kernel_driver = &(driver)
#define MODULE_DEVICE_TABLE(kind, table)
#define MODULE_AUTHOR(text) struct kernel_unused
#define MODULE_DESCRIPTION(text) struct kernel_unused
#define MODULE_LICENSE(text) struct kernel_unused

/* What a check needs on top: not the kernel's. */
extern struct spi_driver *const kernel_driver;
/* The device that the driver registered, or NULL. */
extern struct iio_dev *kernel_device;
/* Reads and writes past the cache, as its `cache_bypass` in debugfs does. */
extern bool kernel_bypasses_cache;
/* Calls the handlers of the interrupt lines that are low now. */
void kernel_poll_interrupts(void);
/* Events and words that the driver pushed since the program began. */
extern unsigned int kernel_events;
extern u64 kernel_last_event;
extern u32 kernel_words[8192];
extern unsigned int kernel_word_count;
/* Words in a set that is pushed. */
extern unsigned int kernel_set_words;

#endif
