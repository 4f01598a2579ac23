/* dial.h - clients of a receiver on loopback, by plain sockets. */
#ifndef TESTS_LIB_DIAL_H
#define TESTS_LIB_DIAL_H

#include <stddef.h>
#include <stdint.h>

uint16_t dial_free_port(void); /* one that nobody listens at now */
int dial_port(uint16_t port);  /* reading from it fails after a minute */
void dial_put(int fd, const void *bytes, size_t n);

#endif
