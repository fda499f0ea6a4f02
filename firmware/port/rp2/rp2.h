/* What the RP2040 and the RP2350 have in common, by the RP2040 datasheet, and what their ports share. */
#ifndef SDK_PORT_RP2_H
#define SDK_PORT_RP2_H

#include <stddef.h>
#include <stdint.h>

#include "../cortex_m/extend.h"
#include "chip.h"
#include "sdk/port.h"

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))
/* Each APB and AHB-Lite register has aliases that set or clear bits atomically (2.1.2); SIO and PPB have none. */
#define REG_SET(address) REG((address) + 0x2000u)
#define REG_CLR(address) REG((address) + 0x3000u)

#define CLK_ENABLE (1u << 11)
#define TICKS_PER_MICROSECOND 12u /* of the 12 MHz crystal */

/* 2.19.6: as after a reset of the RP2040, input and 4 mA; the RP2350's pads are isolated then */
#define PAD_OUTPUT 0x56u

/* 4.2: UART (PL011) */
#define UART0_DR (UART0 + 0x00u)
#define UART0_FR (UART0 + 0x18u)
#define UART0_IBRD (UART0 + 0x24u)
#define UART0_FBRD (UART0 + 0x28u)
#define UART0_LCR_H (UART0 + 0x2cu)
#define UART0_CR (UART0 + 0x30u)
#define UART0_IFLS (UART0 + 0x34u)
#define UART0_IMSC (UART0 + 0x38u)
#define UART_FR_BUSY (1u << 3)
#define UART_FR_RXFE (1u << 4)
#define UART_FR_TXFF (1u << 5)

/* 4.1: USB */
#define USB_DPRAM 0x50100000u
#define USB_REGS 0x50110000u

/* 2.3.1: single-cycle I/O, one view for each core */
#define SIO_FIFO_ST 0xd0000050u
#define SIO_FIFO_WR 0xd0000054u
#define SIO_FIFO_RD 0xd0000058u
#define FIFO_VLD (1u << 0)
#define FIFO_RDY (1u << 1)

#define NVIC_ISER(irq) (0xe000e100u + 4u * ((irq) / 32u))
#define NVIC_BIT(irq) (1u << ((irq) % 32u))

#ifndef SDK_CONSOLE_BAUD
#define SDK_CONSOLE_BAUD 115200u
#endif

#define RAMFUNC __attribute__((section(".ramfunc"), noinline))

/* Takes the subsystems in the mask through a reset and waits until they are usable. */
static inline void subsystem_reset(uint32_t mask) {
    REG_SET(RESETS_RESET) = mask;
    REG_CLR(RESETS_RESET) = mask;
    while ((REG(RESETS_DONE) & mask) != mask) {
    }
}

/* ---- The chip's part ---- */

/* Has the timer and the watchdog count microseconds of the crystal. */
void chip_ticks_start(void);

/* Starts counting cycles; the clock has its final rate. */
void chip_cycles_start(void);

/* Sets up the second core, before it runs anything. */
void chip_core1_init(void);

/* Reads the 64-bit unique id. Returns 0, or -1 when there is none. */
int chip_unique_id(uint8_t id[8]);

/* Restarts into the boot loader; returns where the ROM has none. */
void chip_boot_loader(void);

/* Restarts the chip by the watchdog; SRAM keeps its contents. */
void chip_reset(void) __attribute__((noreturn));

/* ---- What the chips share ---- */

/* Interrupt handlers */
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

#endif
