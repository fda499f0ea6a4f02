/* The RP2040 registers used by this port: names, addresses and bits from the RP2040 datasheet. */
#ifndef SDK_PORT_RP2040_H
#define SDK_PORT_RP2040_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))
/* Each APB and AHB-Lite register has aliases that set or clear bits atomically (2.1.2); SIO and PPB have none. */
#define REG_SET(address) REG((address) + 0x2000u)
#define REG_CLR(address) REG((address) + 0x3000u)

/* 2.14: subsystem resets */
#define RESETS_RESET 0x4000c000u
#define RESETS_DONE 0x4000c008u
#define RESET_IO_BANK0 (1u << 5)
#define RESET_PADS_BANK0 (1u << 8)
#define RESET_PLL_SYS (1u << 12)
#define RESET_PLL_USB (1u << 13)
#define RESET_TIMER (1u << 21)
#define RESET_UART0 (1u << 22)
#define RESET_USBCTRL (1u << 24)

/* 2.13: power-on state machine */
#define PSM_FRCE_OFF 0x40010004u
#define PSM_WDSEL 0x40010008u
#define PSM_PROC1 (1u << 16)
#define PSM_ALL_BUT_OSCILLATORS 0x1fffcu

/* 2.15: clocks; 2.16: crystal oscillator; 2.18: PLLs */
#define CLK_REF_CTRL 0x40008030u
#define CLK_REF_SELECTED 0x40008038u
#define CLK_SYS_CTRL 0x4000803cu
#define CLK_SYS_SELECTED 0x40008044u
#define CLK_PERI_CTRL 0x40008048u
#define CLK_USB_CTRL 0x40008054u
#define CLK_ENABLE (1u << 11)
#define XOSC_CTRL 0x40024000u
#define XOSC_STATUS 0x40024004u
#define XOSC_STARTUP 0x4002400cu
#define PLL_SYS 0x40028000u
#define PLL_USB 0x4002c000u

/* 2.19: pins */
#define IO_BANK0_GPIO_CTRL(pin) (0x40014004u + 8u * (pin))
#define PADS_BANK0_GPIO(pin) (0x4001c004u + 4u * (pin))
#define IO_QSPI_SS_CTRL 0x4001800cu

/* 4.2: UART (PL011) */
#define UART0_DR 0x40034000u
#define UART0_FR 0x40034018u
#define UART0_IBRD 0x40034024u
#define UART0_FBRD 0x40034028u
#define UART0_LCR_H 0x4003402cu
#define UART0_CR 0x40034030u
#define UART0_IFLS 0x40034034u
#define UART0_IMSC 0x40034038u
#define UART_FR_BUSY (1u << 3)
#define UART_FR_RXFE (1u << 4)
#define UART_FR_TXFF (1u << 5)

/* 4.6: timer; 4.7: watchdog */
#define TIMER_TIMERAWH 0x40054024u
#define TIMER_TIMERAWL 0x40054028u
#define WATCHDOG_CTRL 0x40058000u
#define WATCHDOG_SCRATCH4 0x4005801cu
#define WATCHDOG_TICK 0x4005802cu

/* 4.10: SSI, the controller of the flash */
#define SSI_SR 0x18000028u
#define SSI_DR0 0x18000060u

/* 4.1: USB */
#define USB_DPRAM 0x50100000u
#define USB_REGS 0x50110000u

/* 2.3.1: single-cycle I/O, one view for each core */
#define SIO_CPUID 0xd0000000u
#define SIO_GPIO_OUT_SET 0xd0000014u
#define SIO_GPIO_OUT_CLR 0xd0000018u
#define SIO_GPIO_OE_SET 0xd0000024u
#define SIO_FIFO_ST 0xd0000050u
#define SIO_FIFO_WR 0xd0000054u
#define SIO_FIFO_RD 0xd0000058u
#define FIFO_VLD (1u << 0)
#define FIFO_RDY (1u << 1)

/* 2.4: Cortex-M0+ private peripherals, one set for each core */
#define SYST_CSR 0xe000e010u
#define SYST_RVR 0xe000e014u
#define SYST_CVR 0xe000e018u
#define NVIC_ISER 0xe000e100u
#define SCB_ICSR 0xe000ed04u
#define SCB_VTOR 0xe000ed08u
#define ICSR_PENDSTSET (1u << 26)
#define IRQ_USBCTRL 5u
#define IRQ_UART0 20u

/* Takes the subsystems in the mask through a reset and waits until they are usable. */
static inline void subsystem_reset(uint32_t mask) {
    REG_SET(RESETS_RESET) = mask;
    REG_CLR(RESETS_RESET) = mask;
    while ((REG(RESETS_DONE) & mask) != mask) {
    }
}

/* Masks interrupts; irq_restore() undoes it, so pairs nest. */
static inline uint32_t irq_save(void) {
    uint32_t primask;
    __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(primask)::"memory");
    return primask;
}

static inline void irq_restore(uint32_t primask) {
    __asm volatile("msr primask, %0" ::"r"(primask) : "memory");
}

#endif
