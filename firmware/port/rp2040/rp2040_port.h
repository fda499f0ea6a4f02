/* What the files of this port share, and what it offers beyond sdk/port.h. */
#ifndef SDK_PORT_RP2040_PORT_H
#define SDK_PORT_RP2040_PORT_H

#include <stddef.h>
#include <stdint.h>

#include "sdk/port.h"

#define CLK_SYS_HZ 125000000u
#define TICKS_PER_MICROSECOND 12u /* of the 12 MHz crystal */

#ifndef SDK_CONSOLE_BAUD
#define SDK_CONSOLE_BAUD 115200u
#endif

#define RAMFUNC __attribute__((section(".ramfunc"), noinline))

typedef union {
    void (*handler)(void);
    uint32_t *stack;
} rp2040_vector;

extern const rp2040_vector rp2040_vectors[48];

/* Restarts the chip by the watchdog; SRAM keeps its contents. */
void chip_reset(void) __attribute__((noreturn));

/* Interrupt handlers */
void systick_handler(void);
void uart_handler(void);
void usb_handler(void);

/*
 * Two consoles of one shape: init; getc returns the next byte or -1; write returns when all is accepted or, on USB,
 * when the host has gone; flush waits until all has left, on USB for 100 ms at most.
 */
void uart_init(void);
int uart_getc(void);
void uart_write(const uint8_t *data, size_t bytes);
void uart_flush(void);
bool uart_has_baud(uint32_t baud);
void uart_set_baud(uint32_t baud); /* after all was sent; 0 is the first rate */

/* serial_number: the USB device's, ASCII, kept by reference. */
void usb_init(const char *serial_number);
int usb_getc(void);
void usb_write(const uint8_t *data, size_t bytes);
void usb_flush(void);

/* Whether the host has closed the port at 1200 baud, which asks for the boot loader. */
int usb_boot_requested(void);

/* Reads the 64-bit unique id of the flash chip (4Bh). Returns 0, or -1 when the chip or the boot ROM has none. */
int flash_unique_id(uint8_t id[8]);

/* Address of a function in the boot ROM by its two-letter code (datasheet 2.8.3), or 0. */
uintptr_t rom_function(char first, char second);

void time_init(void);

#endif
