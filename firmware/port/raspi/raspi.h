/* The Raspberry Pi 2 and 3 (BCM2836, BCM2837): registers by the BCM2835 ARM peripherals manual, at the Pi 2's base. */
#ifndef SDK_PORT_RASPI_H
#define SDK_PORT_RASPI_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define PERIPHERALS 0x3F000000u

/* 7.5: interrupts */
#define IRQ_ENABLE_2 (PERIPHERALS + 0xB214u)
#define IRQ_UART0 (1u << (57u - 32u))

/* Power management: the watchdog restarts the chip */
#define PM_RSTC (PERIPHERALS + 0x10001Cu)
#define PM_WDOG (PERIPHERALS + 0x100024u)
#define PM_PASSWORD 0x5A000000u
#define RSTC_FULL_RESET 0x20u
#define WDOG_TICKS 10u

/* 13.4: UART0 (PL011) */
#define UART0_DR (PERIPHERALS + 0x201000u)
#define UART0_FR (PERIPHERALS + 0x201018u)
#define UART0_LCRH (PERIPHERALS + 0x20102Cu)
#define UART0_CR (PERIPHERALS + 0x201030u)
#define UART0_IMSC (PERIPHERALS + 0x201038u)
#define FR_RX_EMPTY (1u << 4)
#define FR_TX_FULL (1u << 5)
#define LCRH_8N1_FIFO 0x70u
#define CR_ENABLE_RX_TX 0x301u
#define INT_RX (1u << 4)
#define INT_RX_TIMEOUT (1u << 6)

/* Restarts the chip; memory keeps its contents. */
void raspi_reset(void) __attribute__((noreturn));

/*
 * Architecture: maps memory as cacheable and the peripherals as device memory, and turns MMU and caches on. What is
 * right below the stack stays unmapped: an overflow faults.
 */
void raspi_mmu_on(void);

/* Architecture: the address of a data abort, or 0. */
uintptr_t raspi_fault_address(void);

extern uint8_t __stack_low[], __stack_top[];

/* What the start-up code in assembler calls. */
void raspi_start(void) __attribute__((noreturn));
void raspi_fault(uintptr_t pc, uintptr_t sp, uintptr_t lr, uint32_t psr) __attribute__((noreturn));

#endif
