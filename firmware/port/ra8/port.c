/*
 * Port for the RA8D1 at 480 MHz from a 20 MHz crystal; console SCI9 on P1014 and P1015, where an EK-RA8D1 has its
 * J-Link; cycles by the DWT, microseconds by AGT0 from the crystal of 32.768 kHz. Chapters are those of the RA8D1
 * hardware manual, R01UH0995. The console is polled and has room for one byte, so the firmware is built with a window
 * of one request. Everything is Secure, as the chips are delivered.
 */
#include "../cortex_m/cache.h"
#include "../cortex_m/core.h"
#include "../cortex_m/cycles.h"
#include "../cortex_m/extend.h"
#include "sdk/port.h"

#if SDK_LINK_WINDOW != 1
#error "the console has room for one byte: build with SDK_LINK_WINDOW=1"
#endif

#define REG8(address) (*(volatile uint8_t *)(address))
#define REG16(address) (*(volatile uint16_t *)(address))
#define REG32(address) (*(volatile uint32_t *)(address))

/* 9.2: clock generation; 13.2: register write protection */
#define SCKDIVCR 0x4001E020u
#define SCKDIVCR2 0x4001E024u
#define SCKSCR 0x4001E026u
#define PLLCCR 0x4001E028u
#define PLLCR 0x4001E02Au
#define MOSCCR 0x4001E032u
#define OSCSF 0x4001E03Cu
#define PLLCCR2 0x4001E04Cu
#define SCICKDIVCR 0x4001E054u
#define SCICKCR 0x4001E055u
#define MOSCWTCR 0x4001E0A2u
#define PRCR 0x4001E3FAu
#define MOMCR 0x4001EA50u
#define SOSCCR 0x4001EC00u
#define PRCR_CLOCKS_LOW_POWER 0xA503u
#define PRCR_LOCKED 0xA500u
#define MOMCR_DRIVE_8_TO_24MHZ (3u << 1)
#define MOSCWTCR_8163_CYCLES 9u
#define OSCSF_CRYSTAL (1u << 3)
#define OSCSF_PLL (1u << 5)
#define SCKSCR_MOCO 1u
#define SCKSCR_PLL 5u
/* 20 MHz / 2 * 96 / 2: the PLL's input is 10 MHz, its VCO has 960 MHz; the crystal is its source */
#define PLLCCR_960MHZ ((95u << 8) | (0u << 6) | (0u << 4) | 1u)
#define PLLCCR2_HALVES 0x111u
/* ICLK and PCLKE 240 MHz, PCLKA, PCLKD and BCLK 120, PCLKB, PCLKC and FCLK 60: their maxima; the core has no divider */
#define SCKDIVCR_MAXIMA 0x31122332u
#define SCICKCR_PLL 5u
#define SCICKCR_REQUEST (1u << 6)
#define SCICKCR_READY (1u << 7)
#define SCICKDIVCR_QUARTER 2u
#define SCICLK_HZ 120000000u

/* 51.3: wait states of the flash, and its cache */
#define FCACHEE 0x4001C100u
#define FCACHEIV 0x4001C104u
#define FLWT 0x4001C11Cu
#define FLWT_4_WAITS 4u /* for an ICLK above 192 and up to 240 MHz */

/* 10.2: module stop */
#define MSTPCRB 0x40203004u
#define MSTPCRD 0x4020300Cu
#define MSTPCRB_SCI9 (1u << 22)
#define MSTPCRD_AGT0 (1u << 5)

/* 20.2: pins */
#define PWPR 0x40400D0Cu
#define PWPRS 0x40400D14u
#define PFSWE (1u << 6)
#define P1014PFS 0x40400AB8u
#define P1015PFS 0x40400ABCu
#define PFS_PERIPHERAL (1u << 16)
#define PFS_SCI_ODD (5u << 24)

/* 24.2: AGT, here a counter of 16 bits that counts down */
#define AGT0_COUNTER 0x40221000u
#define AGT0_AGTCR 0x40221008u
#define AGT0_AGTMR1 0x40221009u
#define AGTCR_START 1u
#define AGTMR1_SUBCLOCK 0x60u

/* 30.2: SCI */
#define SCI9_RDR 0x40358900u
#define SCI9_TDR 0x40358904u
#define SCI9_CCR0 0x40358908u
#define SCI9_CCR1 0x4035890Cu
#define SCI9_CCR2 0x40358910u
#define SCI9_CCR3 0x40358914u
#define SCI9_CSR 0x40358948u
#define SCI9_CFCLR 0x40358968u
#define CCR0_RX_TX 0x11u
#define CCR2_DOUBLE_SPEED ((1u << 5) | (1u << 4) | 4u) /* 8 clocks a bit: BGDM and ABCS; BCP as after a reset */
#define CCR3_8N1 ((2u << 8) | (1u << 12) | 3u)         /* 8 bits, least significant first, asynchronous */
#define CSR_ERRORS ((1u << 24) | (1u << 27) | (1u << 28))
#define CSR_ROOM (1u << 29)
#define CSR_RECEIVED (1u << 31)
#define BRR ((SCICLK_HZ / 8u + SDK_CONSOLE_BAUD / 2u) / SDK_CONSOLE_BAUD - 1u)

#define UNIQUE_ID 0x03008190u
#define UNIQUE_ID_BYTES 16u

#define CCR_BRANCH_PREDICTION (1u << 18)

static extended subclock;

static void await_oscillator(uint32_t mask) {
    while ((REG8(OSCSF) & mask) == 0) {
    }
}

static void clocks_start(void) {
    REG16(PRCR) = PRCR_CLOCKS_LOW_POWER;
    REG8(SCKSCR) = SCKSCR_MOCO;
    REG8(PLLCR) = 1;
    while ((REG8(OSCSF) & OSCSF_PLL) != 0) {
    }
    if (REG8(MOSCCR) != 0) { /* drive and wait may be written while it is stopped only */
        REG8(MOMCR) = MOMCR_DRIVE_8_TO_24MHZ;
        REG8(MOSCWTCR) = MOSCWTCR_8163_CYCLES;
        REG8(MOSCCR) = 0;
    }
    await_oscillator(OSCSF_CRYSTAL);
    REG8(SOSCCR) = 0;

    REG16(PLLCCR) = PLLCCR_960MHZ;
    REG16(PLLCCR2) = PLLCCR2_HALVES;
    REG8(PLLCR) = 0;
    await_oscillator(OSCSF_PLL);
    REG8(FLWT) = FLWT_4_WAITS;
    REG32(SCKDIVCR) = SCKDIVCR_MAXIMA;
    REG8(SCKDIVCR2) = 0;
    REG8(SCKSCR) = SCKSCR_PLL;
    REG16(FCACHEIV) = 1;
    while (REG16(FCACHEIV) != 0) {
    }
    REG16(FCACHEE) = 1;

    REG8(SCICKCR) |= SCICKCR_REQUEST;
    while ((REG8(SCICKCR) & SCICKCR_READY) == 0) {
    }
    REG8(SCICKDIVCR) = SCICKDIVCR_QUARTER;
    REG8(SCICKCR) = SCICKCR_REQUEST | SCICKCR_PLL;
    REG8(SCICKCR) = SCICKCR_PLL;
    while ((REG8(SCICKCR) & SCICKCR_READY) != 0) {
    }
    REG32(MSTPCRB) &= ~MSTPCRB_SCI9;
    REG32(MSTPCRD) &= ~MSTPCRD_AGT0;
    (void)REG32(MSTPCRD);
    REG16(PRCR) = PRCR_LOCKED;
}

/* The pins may belong to either state: both protections are lifted. */
static void pins_start(void) {
    REG8(PWPR) = 0;
    REG8(PWPR) = PFSWE;
    REG8(PWPRS) = 0;
    REG8(PWPRS) = PFSWE;
    REG32(P1014PFS) = PFS_SCI_ODD;
    REG32(P1014PFS) = PFS_SCI_ODD | PFS_PERIPHERAL;
    REG32(P1015PFS) = PFS_SCI_ODD;
    REG32(P1015PFS) = PFS_SCI_ODD | PFS_PERIPHERAL;
}

void port_init(void) {
    clocks_start();
    CORTEX_M_CCR |= CCR_BRANCH_PREDICTION;
    cortex_m_caches_on();
    pins_start();
    REG8(AGT0_AGTMR1) = AGTMR1_SUBCLOCK;
    REG16(AGT0_COUNTER) = 0xFFFFu;
    REG8(AGT0_AGTCR) = AGTCR_START;
    cortex_m_cycles_start();

    REG32(SCI9_CCR0) = 0;
    REG32(SCI9_CCR1) = 0;
    REG32(SCI9_CCR2) = CCR2_DOUBLE_SPEED | BRR << 8;
    REG32(SCI9_CCR3) = CCR3_8N1;
    REG32(SCI9_CFCLR) = CSR_ERRORS;
    REG32(SCI9_CCR0) = CCR0_RX_TX;
}

/* A byte with an error is no byte: the link asks for it again. */
int port_getc(void) {
    const uint32_t status = REG32(SCI9_CSR);
    int byte = -1;
    if ((status & CSR_RECEIVED) != 0) {
        byte = (int)(REG32(SCI9_RDR) & 0xFFu);
    }
    if ((status & CSR_ERRORS) != 0) {
        REG32(SCI9_CFCLR) = CSR_ERRORS;
        return -1;
    }
    return byte;
}

void port_write(const uint8_t *data, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        while ((REG32(SCI9_CSR) & CSR_ROOM) == 0) {
        }
        REG32(SCI9_TDR) = data[i];
    }
}

uint64_t port_cycles(void) { return cortex_m_cycles(); }

uint32_t port_clock_hz(void) { return SDK_CLOCK_HZ; }

/* In another clock's domain: only two equal readings are one. */
static uint32_t subclock_count(void) {
    uint32_t count = REG16(AGT0_COUNTER);
    for (uint32_t again; (again = REG16(AGT0_COUNTER)) != count; count = again) {
    }
    return 0xFFFFu - count;
}

/* Periods of 32.768 kHz, each of 15625 / 512 us. */
uint64_t port_micros(void) {
    const uint32_t primask = irq_save();
    const uint64_t periods = extend(&subclock, subclock_count(), 0xFFFFu);
    irq_restore(primask);
    return periods * 15625u / 512u;
}

void port_heartbeat(void) { (void)port_micros(); }

const uint8_t *port_unique_id(size_t *bytes) {
    *bytes = UNIQUE_ID_BYTES;
    return (const uint8_t *)UNIQUE_ID;
}
