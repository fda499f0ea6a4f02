/*
 * Port for the bare Raspberry Pi 2 and 3 as QEMU emulates them: one core, console on UART0. QEMU keeps no cycle count
 * and its timers follow the host's clock, so this port tells no time at all.
 */
#include "sdk/port.h"

#include <stdbool.h>

#include "raspi.h"
#include "sdk/firmware.h"

#define FAULT_MAGIC 0x5DCFA017u

extern uint32_t __data_start[], __data_end[], __bss_start[], __bss_end[], __arena_start[], __arena_end[];
extern const uint32_t __data_load[];

int main(void);

__attribute__((section(".noinit"))) static struct {
    uint32_t magic;
    sdk_fault fault;
} kept;

static bool recalled;
static sdk_fault last_fault;

static void fill(uint32_t *begin, const uint32_t *end) {
    while (begin < end) {
        *begin++ = 0;
    }
}

void raspi_reset(void) {
    REG(PM_WDOG) = PM_PASSWORD | WDOG_TICKS;
    REG(PM_RSTC) = PM_PASSWORD | RSTC_FULL_RESET;
    for (;;) {
        __asm volatile("wfe");
    }
}

void raspi_start(void) {
    const uint32_t *load = __data_load;
    for (uint32_t *data = __data_start; data < __data_end;) {
        *data++ = *load++;
    }
    fill(__bss_start, __bss_end);
    raspi_mmu_on();
    fill(__arena_start, __arena_end);
    recalled = kept.magic == FAULT_MAGIC;
    if (recalled) {
        last_fault = kept.fault;
    }
    kept.magic = 0;
    (void)main();
    raspi_reset();
}

void raspi_fault(uintptr_t pc, uintptr_t sp, uintptr_t lr, uint32_t psr) {
    kept.fault = (sdk_fault){.pc = (uint32_t)pc, .sp = (uint32_t)sp, .lr = (uint32_t)lr, .psr = psr};
    kept.fault.address = (uint32_t)raspi_fault_address();
    kept.magic = FAULT_MAGIC;
    raspi_reset();
}

const sdk_fault *port_fault(void) { return recalled ? &last_fault : NULL; }

void port_init(void) {
    REG(UART0_LCRH) = LCRH_8N1_FIFO;
    REG(UART0_CR) = CR_ENABLE_RX_TX;
    REG(UART0_IMSC) = INT_RX | INT_RX_TIMEOUT;
    REG(IRQ_ENABLE_2) = IRQ_UART0; /* it stays masked in the core and only ends a WFI */
}

/* Sleeps while there is no input: a core that polls keeps QEMU from looking for the next byte. */
int port_getc(void) {
    if ((REG(UART0_FR) & FR_RX_EMPTY) != 0) {
        __asm volatile("dsb sy\n\twfi" ::: "memory");
    }
    return (REG(UART0_FR) & FR_RX_EMPTY) == 0 ? (int)(REG(UART0_DR) & 0xFFu) : -1;
}

void port_write(const uint8_t *data, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        while ((REG(UART0_FR) & FR_TX_FULL) != 0) {
        }
        REG(UART0_DR) = data[i];
    }
}

/* Its entry is the time stamp of the counters outside: it must stay a call that is really made. */
__attribute__((noinline)) uint64_t port_cycles(void) {
    __asm volatile("");
    return 0;
}

uint64_t port_micros(void) { return 0; }

uint32_t port_clock_hz(void) { return 0; }

const uint8_t *port_unique_id(size_t *bytes) {
    *bytes = 0;
    return NULL;
}

void port_stack(uint8_t **low, uint8_t **high) {
    *low = __stack_low;
    *high = __stack_top;
}

void port_reset(int to_boot_loader) {
    (void)to_boot_loader;
    raspi_reset();
}

int port_core1_start(void (*fn)(void *context), void *context) {
    (void)fn;
    (void)context;
    return -1;
}

void port_core1_join(void) {}
