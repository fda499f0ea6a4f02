/*
 * Port for the i.MX RT1062 at 600 MHz from a 24 MHz crystal; console LPUART6 on the pads AD_B0_02 and AD_B0_03, a
 * Teensy's pins 1 and 0; cycles by the DWT, microseconds by GPT1 from the crystal itself. Chapters are those of the
 * i.MX RT1060 reference manual. The console is polled and has room for four bytes, so the firmware is built with a
 * window of one request.
 */
#include "../cortex_m/cache.h"
#include "../cortex_m/cycles.h"
#include "../cortex_m/extend.h"
#include "sdk/port.h"

#if SDK_LINK_WINDOW != 1
#error "the console has room for four bytes: build with SDK_LINK_WINDOW=1"
#endif

#define REG(address) (*(volatile uint32_t *)(address))

/* 14.7 CCM, 14.8 CCM_ANALOG, 18.6 DCDC */
#define CCM_CACRR 0x400FC010u
#define CCM_CBCDR 0x400FC014u
#define CCM_CBCMR 0x400FC018u
#define CCM_CSCMR1 0x400FC01Cu
#define CCM_CSCDR1 0x400FC024u
#define CCM_CDHIPR 0x400FC048u
#define CCM_CCGR1 0x400FC06Cu
#define CCM_CCGR3 0x400FC074u
#define CCM_CCGR6 0x400FC080u
#define CCM_ANALOG_PLL_ARM 0x400D8000u
#define DCDC_REG0 0x40080000u
#define DCDC_REG3 0x4008000Cu
#define CACRR_ARM_HALF 1u
#define CBCDR_PERIPH_CLK2 (1u << 25)
#define CBCDR_DIVIDERS ((7u << 27) | (7u << 10) | (3u << 8))
#define CBCDR_IPG_QUARTER (3u << 8)
#define CBCMR_SOURCES ((3u << 18) | (3u << 12))
#define CBCMR_PLL_ARM_CRYSTAL ((3u << 18) | (1u << 12)) /* of the core, and of PERIPH_CLK2 */
#define CSCMR1_PERCLK 0x7Fu
#define CSCMR1_PERCLK_CRYSTAL 0x40u
#define CSCDR1_UART 0x7Fu
#define CSCDR1_UART_CRYSTAL 0x40u
#define CDHIPR_PERIPH (1u << 5)
#define CDHIPR_ARM (1u << 16)
#define CCGR1_GPT1 (0xFu << 20)
#define CCGR3_LPUART6 (3u << 6)
#define CCGR6_DCDC (3u << 6)
#define PLL_POWER_DOWN (1u << 12)
/* 24 MHz * 100 / 2: the PLL has 1200 MHz, the core half of it; peripherals a quarter of that, 150 MHz */
#define PLL_ARM_1200MHZ ((1u << 13) | 100u)
#define PLL_LOCKED (1u << 31)
#define DCDC_REG0_OK (1u << 31)
#define DCDC_REG3_TARGET 0x1Fu
#define DCDC_REG3_1250MV 18u /* in steps of 25 mV above 800 mV; 600 MHz need it (data sheet, operating ranges) */

/* 52.7 GPT */
#define GPT1_CR 0x401EC000u
#define GPT1_PR 0x401EC004u
#define GPT1_CNT 0x401EC024u
#define GPT_FREE_RUN_PERCLK ((1u << 9) | (1u << 6) | (1u << 1))
#define GPT_ENABLE 1u
#define GPT_24MHZ_TO_1MHZ 23u

/* 49.4 LPUART, 11.7 IOMUXC */
#define LPUART6_BAUD 0x40198010u
#define LPUART6_STAT 0x40198014u
#define LPUART6_CTRL 0x40198018u
#define LPUART6_DATA 0x4019801Cu
#define LPUART6_FIFO 0x40198028u
#define BAUD_OVERSAMPLE_16 (15u << 24)
#define STAT_ERRORS (0xFu << 16)
#define STAT_RECEIVED (1u << 21)
#define STAT_ROOM (1u << 23)
#define CTRL_TX_RX (3u << 18)
#define FIFO_ENABLE ((1u << 7) | (1u << 3))
#define DATA_ERRORS 0xE000u /* noisy, parity, framing */
#define MUX_AD_B0_02 0x401F80C4u
#define MUX_AD_B0_03 0x401F80C8u
#define LPUART6_RX_SELECT 0x401F8550u
#define LPUART6_TX_SELECT 0x401F8554u
#define MUX_LPUART6 2u
#define SELECT_AD_B0 1u
#define CRYSTAL_HZ 24000000u

/* 23.6 OCOTP: the chip's unique id */
#define OCOTP_CFG0 0x401F4410u
#define OCOTP_CFG1 0x401F4420u

static uint32_t unique_id[2];
static extended micros;

static void field(uint32_t address, uint32_t mask, uint32_t value) { REG(address) = (REG(address) & ~mask) | value; }

static void wait(uint32_t address, uint32_t mask, uint32_t value) {
    while ((REG(address) & mask) != value) {
    }
}

/* The core goes by way of the crystal while its PLL changes; the flash's clock is another and stays. */
static void clocks_start(void) {
    REG(CCM_CCGR6) |= CCGR6_DCDC;
    field(DCDC_REG3, DCDC_REG3_TARGET, DCDC_REG3_1250MV);
    wait(DCDC_REG0, DCDC_REG0_OK, DCDC_REG0_OK);

    field(CCM_CBCMR, CBCMR_SOURCES, CBCMR_PLL_ARM_CRYSTAL);
    field(CCM_CBCDR, CBCDR_DIVIDERS, CBCDR_IPG_QUARTER);
    REG(CCM_CBCDR) |= CBCDR_PERIPH_CLK2;
    wait(CCM_CDHIPR, CDHIPR_PERIPH, 0);
    REG(CCM_ANALOG_PLL_ARM) = PLL_POWER_DOWN;
    REG(CCM_ANALOG_PLL_ARM) = PLL_ARM_1200MHZ;
    wait(CCM_ANALOG_PLL_ARM, PLL_LOCKED, PLL_LOCKED);
    REG(CCM_CACRR) = CACRR_ARM_HALF;
    wait(CCM_CDHIPR, CDHIPR_ARM, 0);
    REG(CCM_CBCDR) &= ~CBCDR_PERIPH_CLK2;
    wait(CCM_CDHIPR, CDHIPR_PERIPH, 0);

    field(CCM_CSCMR1, CSCMR1_PERCLK, CSCMR1_PERCLK_CRYSTAL);
    field(CCM_CSCDR1, CSCDR1_UART, CSCDR1_UART_CRYSTAL);
    REG(CCM_CCGR1) |= CCGR1_GPT1;
    REG(CCM_CCGR3) |= CCGR3_LPUART6;
}

void port_init(void) {
    cortex_m_caches_on();
    clocks_start();
    REG(GPT1_CR) = 0;
    REG(GPT1_PR) = GPT_24MHZ_TO_1MHZ;
    REG(GPT1_CR) = GPT_FREE_RUN_PERCLK;
    REG(GPT1_CR) = GPT_FREE_RUN_PERCLK | GPT_ENABLE;
    cortex_m_cycles_start();
    unique_id[0] = REG(OCOTP_CFG0);
    unique_id[1] = REG(OCOTP_CFG1);

    REG(MUX_AD_B0_02) = MUX_LPUART6;
    REG(MUX_AD_B0_03) = MUX_LPUART6;
    REG(LPUART6_RX_SELECT) = SELECT_AD_B0;
    REG(LPUART6_TX_SELECT) = SELECT_AD_B0;
    REG(LPUART6_CTRL) = 0;
    REG(LPUART6_BAUD) = BAUD_OVERSAMPLE_16 | ((CRYSTAL_HZ / 16u + SDK_CONSOLE_BAUD / 2u) / SDK_CONSOLE_BAUD);
    REG(LPUART6_FIFO) = FIFO_ENABLE;
    REG(LPUART6_CTRL) = CTRL_TX_RX;
}

/* A byte with an error is no byte: the link asks for it again. */
int port_getc(void) {
    const uint32_t status = REG(LPUART6_STAT);
    if ((status & STAT_ERRORS) != 0) {
        REG(LPUART6_STAT) = STAT_ERRORS; /* written bits are cleared; after an overrun nothing is received before */
    }
    if ((status & STAT_RECEIVED) == 0) {
        return -1;
    }
    const uint32_t data = REG(LPUART6_DATA);
    return (data & DATA_ERRORS) == 0 ? (int)(data & 0xFFu) : -1;
}

void port_write(const uint8_t *data, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        wait(LPUART6_STAT, STAT_ROOM, STAT_ROOM);
        REG(LPUART6_DATA) = data[i];
    }
}

uint64_t port_cycles(void) { return cortex_m_cycles(); }

uint32_t port_clock_hz(void) { return SDK_CLOCK_HZ; }

uint64_t port_micros(void) {
    const uint32_t primask = irq_save();
    const uint64_t now = extend(&micros, REG(GPT1_CNT), UINT32_MAX);
    irq_restore(primask);
    return now;
}

void port_heartbeat(void) { (void)port_micros(); }

const uint8_t *port_unique_id(size_t *bytes) {
    *bytes = sizeof unique_id;
    return (const uint8_t *)unique_id;
}
