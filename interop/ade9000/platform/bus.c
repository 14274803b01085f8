#include "bus.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int connection = -1;

static void fail(const char *what)
{
	fprintf(stderr, "bus: %s: %s\n", what, strerror(errno));
	exit(1);
}

void bus_open(const char *address)
{
	struct sockaddr_in peer = { .sin_family = AF_INET };
	const char *colon = strrchr(address, ':');
	int yes = 1;

	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	peer.sin_port = htons(colon ? (uint16_t)atoi(colon + 1) : 0);
	connection = socket(AF_INET, SOCK_STREAM, 0);
	if (connection < 0 || connect(connection, (struct sockaddr *)&peer, sizeof(peer)))
		fail(address);
	setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

static void send_all(const uint8_t *bytes, size_t length)
{
	while (length) {
		ssize_t sent = send(connection, bytes, length, MSG_NOSIGNAL);

		if (sent <= 0)
			fail("send");
		bytes += sent;
		length -= (size_t)sent;
	}
}

void bus_exchange(const uint8_t *mosi, uint8_t *miso, size_t length)
{
	static uint8_t frame[2 + 65535];

	frame[0] = (uint8_t)(length >> 8);
	frame[1] = (uint8_t)length;
	memcpy(frame + 2, mosi, length);
	send_all(frame, length + 2);
	while (length) {
		ssize_t got = recv(connection, miso, length, 0);

		if (got <= 0)
			fail("the chip went away");
		miso += got;
		length -= (size_t)got;
	}
}
