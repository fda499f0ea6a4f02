/* The RP2040: names, addresses and bits from its datasheet. What the RP2350 has at the same place is in rp2.h. */
#ifndef SDK_PORT_RP2040_CHIP_H
#define SDK_PORT_RP2040_CHIP_H

#define CLK_SYS_HZ 125000000u
#define PLL_SYS_DIVIDERS 125, 6, 2 /* feedback and the two dividers behind the VCO */
#define USB_PRODUCT_ID 0x000au   /* of Raspberry Pi's for CDC serial ports of programs for the RP2040 */

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
#define XOSC_CTRL 0x40024000u
#define XOSC_STATUS 0x40024004u
#define XOSC_STARTUP 0x4002400cu
#define PLL_SYS 0x40028000u
#define PLL_USB 0x4002c000u

/* 2.19, 2.3.1: pins */
#define IO_BANK0_GPIO_CTRL(pin) (0x40014004u + 8u * (pin))
#define PADS_BANK0_GPIO(pin) (0x4001c004u + 4u * (pin))
#define SIO_GPIO_OUT_SET 0xd0000014u
#define SIO_GPIO_OUT_CLR 0xd0000018u
#define SIO_GPIO_OE_SET 0xd0000024u
#define IO_QSPI_SS_CTRL 0x4001800cu

/* 4.2: UART; 4.6: timer; 4.7: watchdog */
#define UART0 0x40034000u
#define TIMER_TIMERAWH 0x40054024u
#define TIMER_TIMERAWL 0x40054028u
#define WATCHDOG_CTRL 0x40058000u
#define WATCHDOG_SCRATCH4 0x4005801cu
#define WATCHDOG_TICK 0x4005802cu

/* 4.10: SSI, the controller of the flash */
#define SSI_SR 0x18000028u
#define SSI_DR0 0x18000060u

#define IRQ_USBCTRL 5u
#define IRQ_UART0 20u

#endif
