/* The second core: waits for a function and its context in the inter-core FIFO, runs it, answers. */
#include "rp2.h"

extern uint8_t __core1_stack_top[];

#define SCB_VTOR 0xe000ed08u
#define LAUNCH_TIMEOUT_US 10000u
#define LAUNCH_TRIES 5

static enum { CORE1_ASLEEP, CORE1_IDLE, CORE1_BUSY } core1_state;

/*
 * Why there is no race: each direction of the FIFO is a queue in hardware with one writer and one reader. Core 0
 * puts two words, the function and its context, and core 1 takes both before it runs; core 1 puts one word when it is
 * done, which core 0 takes before it puts the next two. So no queue ever holds more than two words, of the four or more
 * that it has room for, and all memory is handed over by a put and a take: DMB before the put makes the writer's stores visible first, DMB
 * after the take keeps the reader's loads behind it. core1_state belongs to core 0 alone.
 */
RAMFUNC static void fifo_put(uint32_t word) {
    while (!(REG(SIO_FIFO_ST) & FIFO_RDY)) {
    }
    __asm volatile("dmb" ::: "memory");
    REG(SIO_FIFO_WR) = word;
    __asm volatile("sev" ::: "memory");
}

RAMFUNC static uint32_t fifo_take(void) {
    while (!(REG(SIO_FIFO_ST) & FIFO_VLD)) {
        __asm volatile("wfe" ::: "memory"); /* SEV is latched: one sent between the test and here ends the wait */
    }
    uint32_t word = REG(SIO_FIFO_RD);
    __asm volatile("dmb" ::: "memory");
    return word;
}

RAMFUNC static void core1_main(void) {
    chip_core1_init();
    for (;;) {
        uint32_t function = fifo_take();
        uint32_t context = fifo_take();
        ((void (*)(void *))(uintptr_t)function)((void *)(uintptr_t)context);
        fifo_put(0);
    }
}

static void fifo_drain(void) {
    while (REG(SIO_FIFO_ST) & FIFO_VLD) {
        (void)REG(SIO_FIFO_RD);
    }
    __asm volatile("sev");
}

/* Sends a word to the boot ROM on core 1, which echoes it. Returns whether it did. */
static int fifo_exchange(uint32_t word) {
    fifo_put(word);
    uint64_t start = port_micros();
    while (!(REG(SIO_FIFO_ST) & FIFO_VLD)) {
        if (port_micros() - start > LAUNCH_TIMEOUT_US) {
            return 0;
        }
    }
    return REG(SIO_FIFO_RD) == word;
}

/* Takes core 1 through a reset into the boot ROM, which starts it by six words (datasheet 2.8.2). */
static int core1_launch(void) {
    REG_SET(PSM_FRCE_OFF) = PSM_PROC1;
    while (!(REG(PSM_FRCE_OFF) & PSM_PROC1)) {
    }
    REG_CLR(PSM_FRCE_OFF) = PSM_PROC1;
    const uint32_t words[] = {
        0, 0, 1, REG(SCB_VTOR), (uint32_t)(uintptr_t)__core1_stack_top, (uint32_t)(uintptr_t)core1_main,
    };
    const size_t count = sizeof words / sizeof words[0];
    for (int attempt = 0; attempt < LAUNCH_TRIES; ++attempt) {
        size_t done = 0;
        while (done < count) {
            if (words[done] == 0) {
                fifo_drain();
            }
            if (!fifo_exchange(words[done])) {
                break;
            }
            ++done;
        }
        if (done == count) {
            return 0;
        }
    }
    return -1;
}

int port_core1_start(void (*fn)(void *context), void *context) {
    port_core1_join();
    if (core1_state == CORE1_ASLEEP) {
        if (core1_launch() != 0) {
            return -1;
        }
        core1_state = CORE1_IDLE;
    }
    fifo_put((uint32_t)(uintptr_t)fn);
    fifo_put((uint32_t)(uintptr_t)context);
    core1_state = CORE1_BUSY;
    return 0;
}

void port_core1_join(void) {
    if (core1_state == CORE1_BUSY) {
        (void)fifo_take();
        core1_state = CORE1_IDLE;
    }
}
