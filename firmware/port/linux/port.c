/*
 * Port for Linux: the firmware is a process whose console is its standard input and output.
 *
 * The process ends when its console is closed, so that it never outlives the host's session.
 */
#define _DEFAULT_SOURCE
#include "sdk/port.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define STACK_BYTES (256u * 1024u)
#define MAIN_FRAME_BYTES 1024u
#define IDLE_POLLS 1000u

static uint8_t *stack_high;
static uint64_t start_micros;

static uint64_t now_micros(void) {
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        return 0;
    }
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

/* The kernels were chosen for a core with these instructions; on another one they would end in SIGILL. */
static void require_core(void) {
#if defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD)
    static const char missing[] = "this core has no dot-product instructions: build for another board\n";

    if ((getauxval(AT_HWCAP) & HWCAP_ASIMDDP) == 0) {
        (void)!write(STDERR_FILENO, missing, sizeof missing - 1);
        _exit(EXIT_FAILURE);
    }
#endif
}

void port_init(void) {
    struct termios settings;

    require_core();
    if (tcgetattr(STDIN_FILENO, &settings) == 0) {
        cfmakeraw(&settings);
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &settings);
    }
    stack_high = (uint8_t *)__builtin_frame_address(0) + MAIN_FRAME_BYTES;
    start_micros = now_micros();
}

int port_getc(void) {
    static uint8_t buffer[4096];
    static size_t next, filled;
    static unsigned idle;

    if (next == filled) {
        /* After a while without input a short sleep spares the processor. */
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(&input, 1, idle < IDLE_POLLS ? 0 : 1) <= 0) {
            idle++;
            return -1;
        }
        const ssize_t got = read(STDIN_FILENO, buffer, sizeof buffer);
        if (got <= 0) {
            exit(EXIT_SUCCESS);
        }
        idle = 0;
        next = 0;
        filled = (size_t)got;
    }
    return buffer[next++];
}

void port_write(const uint8_t *data, size_t bytes) {
    while (bytes > 0) {
        const ssize_t sent = write(STDOUT_FILENO, data, bytes);
        if (sent > 0) {
            data += sent;
            bytes -= (size_t)sent;
        } else if (errno != EINTR) {
            exit(EXIT_SUCCESS);
        }
    }
}

/* Its entry is the time stamp of the counters outside: it must stay a call that is really made. */
__attribute__((noinline)) uint64_t port_cycles(void) {
    __asm volatile("");
    return 0;
}

uint64_t port_micros(void) { return now_micros() - start_micros; }

uint32_t port_clock_hz(void) { return 0; }

const uint8_t *port_unique_id(size_t *bytes) {
    *bytes = 0;
    return NULL;
}

/* The kernel extends the main stack on demand: a part of it, far larger than the firmware needs. */
void port_stack(uint8_t **low, uint8_t **high) {
    *low = stack_high - STACK_BYTES;
    *high = stack_high;
}

void port_reset(int to_boot_loader) {
    (void)to_boot_loader;
    (void)execl("/proc/self/exe", "firmware", (char *)NULL);
    exit(EXIT_FAILURE);
}

int port_core1_start(void (*fn)(void *context), void *context) {
    (void)fn;
    (void)context;
    return -1;
}

void port_core1_join(void) {}
