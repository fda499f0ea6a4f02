/* UART0 on GP0 (TX) and GP1 (RX), 8N1 at SDK_CONSOLE_BAUD; reception by interrupt. */
#include "ring.h"
#include "rp2.h"

/* Divider in 1/64 of clk_peri / 16 (datasheet 4.2.7.1), rounded; it must be 1 or more. */
#define DIVIDER_OF(baud) ((4u * CLK_SYS_HZ + (baud) / 2u) / (baud))
#define FASTEST_BAUD (CLK_SYS_HZ / 16u)

#define LCR_8N1_FIFO 0x70u
#define CR_ENABLE_RX_TX 0x301u
#define INT_RX (1u << 4)
#define INT_RX_TIMEOUT (1u << 6)
#define DR_ERRORS 0x700u /* framing, parity, break: the byte is no byte */
#define FUNCSEL_UART 2u
#define PAD_INPUT_PULL_UP 0x5au /* input, Schmitt trigger, 4 mA; up, so that an open pin reads as an idle line */

#define RX_BYTES 2048u

static uint8_t rx_data[RX_BYTES];
static ring rx = {.mask = RX_BYTES - 1u, .data = rx_data};

/* The write to LCR_H makes the new divider valid. */
static void set_divider(uint32_t divider) {
    REG(UART0_IBRD) = divider >> 6;
    REG(UART0_FBRD) = divider & 63u;
    REG(UART0_LCR_H) = LCR_8N1_FIFO;
}

void uart_set_baud(uint32_t baud) {
    uart_flush();
    REG(UART0_CR) = 0;
    set_divider(DIVIDER_OF(baud != 0 ? baud : SDK_CONSOLE_BAUD));
    REG(UART0_CR) = CR_ENABLE_RX_TX;
}

/* Below the fastest, the fraction makes every rate within 1 %. */
bool uart_has_baud(uint32_t baud) {
    return baud >= SDK_CONSOLE_BAUD && baud <= FASTEST_BAUD;
}

void uart_init(void) {
    subsystem_reset(RESET_UART0);
    set_divider(DIVIDER_OF(SDK_CONSOLE_BAUD));
    REG(UART0_IFLS) = 0; /* interrupt at 4 of 32 bytes: 28 byte times to get there */
    REG(UART0_CR) = CR_ENABLE_RX_TX;
    REG(PADS_BANK0_GPIO(0)) = PAD_OUTPUT;
    REG(PADS_BANK0_GPIO(1)) = PAD_INPUT_PULL_UP;
    REG(IO_BANK0_GPIO_CTRL(0)) = FUNCSEL_UART;
    REG(IO_BANK0_GPIO_CTRL(1)) = FUNCSEL_UART;
    REG(UART0_IMSC) = INT_RX | INT_RX_TIMEOUT;
    REG(NVIC_ISER(IRQ_UART0)) = NVIC_BIT(IRQ_UART0);
}

/* Reading the FIFO empty also ends the two interrupts. A byte that finds the ring full is lost: the link resends. */
RAMFUNC void uart_handler(void) {
    while (!(REG(UART0_FR) & UART_FR_RXFE)) {
        uint32_t word = REG(UART0_DR);
        if (!(word & DR_ERRORS) && ring_free(&rx) > 0) {
            ring_put(&rx, (uint8_t)word);
        }
    }
}

int uart_getc(void) {
    return ring_used(&rx) ? ring_take(&rx) : -1;
}

void uart_write(const uint8_t *data, size_t bytes) {
    while (bytes--) {
        while (REG(UART0_FR) & UART_FR_TXFF) {
        }
        REG(UART0_DR) = *data++;
    }
}

void uart_flush(void) {
    while (REG(UART0_FR) & UART_FR_BUSY) {
    }
}
