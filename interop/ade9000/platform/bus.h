/* The bus of `jidian chip ade9000`: an exchange is one assertion of chip select. */
#ifndef BUS_H
#define BUS_H

#include <stddef.h>
#include <stdint.h>

/* Connects to HOST:PORT of this machine, or ends the program with a message. */
void bus_open(const char *address);

/* Sends `length` bytes of MOSI and takes as many of MISO; the two may be the same. */
void bus_exchange(const uint8_t *mosi, uint8_t *miso, size_t length);

#endif
