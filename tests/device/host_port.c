/*
 * A port for tests: the console is standard input and output, so that the true runtime runs as a process. The
 * environment variable SDK_TEST_CLOCK makes the clocks fail: absent, stuck, backwards, wrapping, hz (wrong by 2 %); or
 * makes the cycle counter count its own calls: calls. SDK_TEST_BAUD names a file that holds the console's rate,
 * SDK_TEST_MARK one that tells when the pin for power meters changed: its level and nanoseconds, a line each.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "sdk/firmware.h"
#include "sdk/port.h"

#define HZ 100000000u
#define FIRST_BAUD 115200u
#define FASTEST_BAUD 1000000u

/* A flash of 64 KiB at FLASH_BASE that holds 0, 1, 2, .. FLASH_PERIOD - 1, 0, .. */
#define FLASH_BASE 0x10000000u
#define FLASH_BYTES 65536u
#ifndef FLASH_PERIOD
#define FLASH_PERIOD 251u
#endif

static const char *clock_fault = "";

static int clock_is(const char *fault)
{
    return strcmp(clock_fault, fault) == 0;
}

void port_init(void)
{
    const char *const fault = getenv("SDK_TEST_CLOCK");
    clock_fault = fault != NULL ? fault : "";
}

int port_getc(void)
{
    static uint8_t buffer[4096];
    static size_t at;
    static size_t count;
    if (at == count) {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(&input, 1, 100) <= 0) {
            return -1;
        }
        const ssize_t got = read(STDIN_FILENO, buffer, sizeof buffer);
        if (got == 0 || (got < 0 && errno == EIO)) {
            exit(0);
        }
        at = 0;
        count = got > 0 ? (size_t)got : 0;
        if (count == 0) {
            return -1;
        }
    }
    return buffer[at++];
}

void port_write(const uint8_t *data, size_t bytes)
{
    while (bytes > 0) {
        const ssize_t put = write(STDOUT_FILENO, data, bytes);
        if (put < 0) {
            exit(1);
        }
        data += put;
        bytes -= (size_t)put;
    }
}

bool port_has_baud(uint32_t baud)
{
    return getenv("SDK_TEST_BAUD") != NULL && baud <= FASTEST_BAUD;
}

void port_set_baud(uint32_t baud)
{
    const struct timespec while_it_is_read = {.tv_nsec = 5000000};
    int waiting = 1;
    while (ioctl(STDOUT_FILENO, FIONREAD, &waiting) == 0 && waiting > 0) {
    }
    (void)nanosleep(&while_it_is_read, NULL);
    const char *const path = getenv("SDK_TEST_BAUD");
    FILE *const file = path != NULL ? fopen(path, "w") : NULL;
    if (file != NULL) {
        (void)fprintf(file, "%u", (unsigned)(baud != 0 ? baud : FIRST_BAUD));
        (void)fclose(file);
    }
}

static uint64_t nanoseconds(void);

bool port_mark(bool on)
{
    const char *const path = getenv("SDK_TEST_MARK");
    FILE *const file = path != NULL ? fopen(path, "a") : NULL;
    if (file == NULL) {
        return false;
    }
    (void)fprintf(file, "%d %llu\n", on, (unsigned long long)nanoseconds());
    (void)fclose(file);
    return true;
}

static uint64_t nanoseconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t port_cycles(void)
{
    static uint64_t wrong;
    const uint64_t cycles = nanoseconds() / (1000000000u / HZ);
    if (clock_is("absent") || clock_is("stuck")) {
        return 0;
    }
    if (clock_is("calls")) {
        return ++wrong;
    }
    if (clock_is("backwards")) {
        return wrong -= 100;
    }
    if (clock_is("wrapping")) {
        return cycles & 0xffff;
    }
    return clock_is("hz") ? cycles + cycles / 50 : cycles;
}

uint64_t port_micros(void)
{
    return clock_is("absent") ? 0 : nanoseconds() / 1000;
}

uint32_t port_clock_hz(void)
{
    return clock_is("absent") ? 0 : HZ;
}

const uint8_t *port_unique_id(size_t *bytes)
{
    static const uint8_t id[] = {0xde, 0xad, 0xbe, 0xef, 0x00, 0x01, 0x02, 0x03};
    *bytes = sizeof id;
    return id;
}

/* A window of the process's own stack: enough to be painted. */
void port_stack(uint8_t **low, uint8_t **high)
{
    uint8_t *const here = __builtin_frame_address(0);
    *low = here - 16384;
    *high = here + 4096;
}

void port_reset(int to_boot_loader)
{
    exit(to_boot_loader ? 4 : 3);
}

const sdk_fault *port_fault(void)
{
    static const sdk_fault fault = {.pc = 0x10000101, .lr = 0x10000203, .psr = 0x61000003, .sp = 0x20041000,
                                    .cfsr = 0x00008200, .hfsr = 0x40000000, .address = 0xdeadbeef};
    return getenv("SDK_TEST_FAULT") != NULL ? &fault : NULL;
}

bool port_flash(uint32_t address, uint32_t bytes, const uint8_t **data)
{
    static uint8_t flash[FLASH_BYTES];
    const uint32_t offset = address - FLASH_BASE;
    if (offset > FLASH_BYTES || bytes > FLASH_BYTES - offset) {
        return false;
    }
    for (uint32_t i = 0; i < FLASH_BYTES; i++) {
        flash[i] = (uint8_t)(i % FLASH_PERIOD);
    }
    *data = flash + offset;
    return true;
}
