/* The RP2350: names, addresses and bits from its datasheet. What the RP2040 has at the same place is in rp2.h. */
#ifndef SDK_PORT_RP2350_CHIP_H
#define SDK_PORT_RP2350_CHIP_H

#define CLK_SYS_HZ 150000000u
#define PLL_SYS_DIVIDERS 125, 5, 2 /* feedback and the two dividers behind the VCO */
#define USB_PRODUCT_ID 0x0009u     /* of Raspberry Pi's for CDC serial ports of programs for its chips */

/* 7.5: subsystem resets */
#define RESETS_RESET 0x40020000u
#define RESETS_DONE 0x40020008u
#define RESET_IO_BANK0 (1u << 6)
#define RESET_PADS_BANK0 (1u << 9)
#define RESET_PLL_SYS (1u << 14)
#define RESET_PLL_USB (1u << 15)
#define RESET_TIMER (1u << 23)
#define RESET_UART0 (1u << 26)
#define RESET_USBCTRL (1u << 28)

/* 7.4: power-on state machine */
#define PSM_FRCE_OFF 0x40018004u
#define PSM_WDSEL 0x40018008u
#define PSM_PROC1 (1u << 24)
#define PSM_ALL_BUT_OSCILLATORS 0x1fffff3u

/* 8.1: clocks; 8.2: crystal oscillator; 8.5: tick generators; 8.6: PLLs */
#define CLK_REF_CTRL 0x40010030u
#define CLK_REF_SELECTED 0x40010038u
#define CLK_SYS_CTRL 0x4001003cu
#define CLK_SYS_SELECTED 0x40010044u
#define CLK_PERI_CTRL 0x40010048u
#define CLK_USB_CTRL 0x40010060u
#define XOSC_CTRL 0x40048000u
#define XOSC_STATUS 0x40048004u
#define XOSC_STARTUP 0x4004800cu
#define PLL_SYS 0x40050000u
#define PLL_USB 0x40058000u
#define TICKS_TIMER0_CTRL 0x40108018u
#define TICKS_TIMER0_CYCLES 0x4010801cu
#define TICKS_WATCHDOG_CTRL 0x40108030u
#define TICKS_WATCHDOG_CYCLES 0x40108034u

/* 9.11, 3.1.11: pins */
#define IO_BANK0_GPIO_CTRL(pin) (0x40028004u + 8u * (pin))
#define PADS_BANK0_GPIO(pin) (0x40038004u + 4u * (pin))
#define SIO_GPIO_OUT_SET 0xd0000018u
#define SIO_GPIO_OUT_CLR 0xd0000020u
#define SIO_GPIO_OE_SET 0xd0000038u

/* 12.1: UART; 12.8: timer; 12.9: watchdog */
#define UART0 0x40070000u
#define TIMER_TIMERAWH 0x400b0024u
#define TIMER_TIMERAWL 0x400b0028u
#define WATCHDOG_CTRL 0x400d8000u
#define WATCHDOG_SCRATCH4 0x400d801cu

/* 12.14: QMI, the controller of the flash */
#define QMI_M0_TIMING 0x400d000cu
#define QMI_M0_RFMT 0x400d0010u

#define IRQ_USBCTRL 14u
#define IRQ_UART0 33u

#endif
