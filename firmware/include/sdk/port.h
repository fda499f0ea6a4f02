/*
 * What a chip's port gives the measuring firmware. Each port lives in firmware/port/<chip>/ and brings
 * start-up code, clocks, a console and time.
 */
#ifndef SDK_PORT_H
#define SDK_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Called first in main(), after .data and .bss are set: clocks, console, timers. */
void port_init(void);

/* Next byte from the host, or -1 when there is none now. Never blocks; also serves what must be polled. */
int port_getc(void);

/* Sends bytes to the host; returns when all are accepted or the host has gone. */
void port_write(const uint8_t *data, size_t bytes);

/*
 * Whether the console can run at so many bits a second, within 2 %, and a change to that rate once all that was
 * written has been sent; 0 is the rate after port_init. The runtime has weak definitions for ports that have one rate.
 */
bool port_has_baud(uint32_t baud);
void port_set_baud(uint32_t baud);

/*
 * Sets the pin that tells a power meter that a model runs, and returns whether there is one: ports that can, take its
 * number from SDK_MARK_PIN. The runtime has a weak definition that returns false.
 */
bool port_mark(bool on);

/*
 * CPU clock cycles since an arbitrary start, 64 bits, monotonic. Ports without a cycle counter return 0
 * always; the host then shows no cycles. In emulators that count from outside, each call is a time stamp.
 */
uint64_t port_cycles(void);

/* Microseconds since reset, 64 bits, monotonic, by a counter that the core's PLL does not drive; 0 if none. */
uint64_t port_micros(void);

/* Frequency of port_cycles in Hz as configured; 0 when there is no cycle counter. */
uint32_t port_clock_hz(void);

/* The board's unique id, or NULL; sets *bytes. */
const uint8_t *port_unique_id(size_t *bytes);

/* Bounds of the main stack: low is the first address the stack may use, high one past the last. */
void port_stack(uint8_t **low, uint8_t **high);

/* Restarts into the firmware, or into the chip's boot loader when there is one. Does not return. */
void port_reset(int to_boot_loader);

/* Runs fn(context) on the second core while the caller goes on. Returns 0, or -1 when there is none. */
int port_core1_start(void (*fn)(void *context), void *context);

/* Waits for the function started last to return; all it wrote is then visible to the caller. */
void port_core1_join(void);

#endif
