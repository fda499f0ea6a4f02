/* The chip's own interrupts, which follow those of the core in the vector table. */
#include "rp2.h"

typedef void (*handler)(void);

/* The others stay disabled. */
__attribute__((section(".vectors.irqs"), used)) static const handler irqs[] = {
    [IRQ_USBCTRL] = usb_handler,
    [IRQ_UART0] = uart_handler,
};
