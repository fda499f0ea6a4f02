/*
 * Runs the cases of one kernel and compares every output byte; see harness.py, which writes the file of cases, the
 * generated calls (driver.h) and reads what is printed here.
 */
#include "driver.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(start, bytes) ((void)0)
#define ASAN_UNPOISON_MEMORY_REGION(start, bytes) ((void)0)
#endif

enum { GUARD_BYTES = 64, GUARD = 0xA5, GARBAGE = 0x5C, MAX_BUFFERS = 64, MAX_REPORTS = 20 };

/* Bytes between two guards. */
typedef struct {
    uint8_t *block;
    uint8_t *data;
    uint32_t bytes;
} guarded;

typedef struct {
    uint32_t count;
    uint32_t bytes[MAX_BUFFERS];
    uint8_t *data[MAX_BUFFERS];
} contents;

static FILE *file;
static uint32_t reports;

static void die(const char *what)
{
    printf("error %s\n", what);
    exit(2);
}

static void *allocate(size_t bytes)
{
    void *const memory = malloc(bytes != 0 ? bytes : 1);
    if (memory == NULL) {
        die("out of memory");
    }
    return memory;
}

static int32_t read_int(void)
{
    int32_t value;
    if (fread(&value, sizeof value, 1, file) != 1) {
        die("the file of cases ends early");
    }
    return value;
}

static void read_contents(contents *c)
{
    c->count = (uint32_t)read_int();
    for (uint32_t i = 0; i < c->count; i++) {
        c->bytes[i] = (uint32_t)read_int();
        c->data[i] = allocate(c->bytes[i]);
        if (c->bytes[i] != 0 && fread(c->data[i], c->bytes[i], 1, file) != 1) {
            die("the file of cases ends early");
        }
    }
}

static void free_contents(contents *c)
{
    for (uint32_t i = 0; i < c->count; i++) {
        free(c->data[i]);
    }
}

/* With exact alignment the data are aligned to no more than asked for. */
static guarded guard(uint32_t bytes, uint32_t align, bool exact)
{
    const uint32_t most = align > 16 ? align : 16;
    guarded g = {.bytes = bytes};
    g.block = allocate(bytes + 2 * GUARD_BYTES + 2 * most);
    memset(g.block, GUARD, bytes + 2 * GUARD_BYTES + 2 * most);
    const uintptr_t start = (uintptr_t)g.block + GUARD_BYTES;
    g.data = g.block + GUARD_BYTES + (most - start % most) % most + (exact ? align % most : 0);
    ASAN_POISON_MEMORY_REGION(g.data - GUARD_BYTES, GUARD_BYTES);
    ASAN_POISON_MEMORY_REGION(g.data + bytes, GUARD_BYTES);
    return g;
}

static bool intact(const guarded *g)
{
    ASAN_UNPOISON_MEMORY_REGION(g->data - GUARD_BYTES, g->bytes + 2 * GUARD_BYTES);
    for (uint32_t i = 0; i < GUARD_BYTES; i++) {
        if (g->data[-1 - (int32_t)i] != GUARD || g->data[g->bytes + i] != GUARD) {
            return false;
        }
    }
    return true;
}

static void report(uint32_t index, uint32_t run, const char *what, uint32_t at, int got, int want)
{
    if (reports++ < MAX_REPORTS) {
        printf("fail %u %u %s %u %d %d\n", (unsigned)index, (unsigned)run, what, (unsigned)at, got, want);
    }
}

static void compare(uint32_t index, uint32_t run, const char *what, const uint8_t *got, const uint8_t *want,
                    uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++) {
        if (got[i] != want[i]) {
            report(index, run, what, i, (int8_t)got[i], (int8_t)want[i]);
            return;
        }
    }
}

/* One way to do a case: input `overlap` shares memory with output 0 unless it is negative. */
typedef struct {
    int32_t overlap;
    int32_t distance; /* output's start - input's start */
    bool exact;
    uint32_t ranges;
    sdk_range *range;
} run_spec;

static run_spec read_run(void)
{
    run_spec r;
    r.overlap = read_int();
    r.distance = read_int();
    r.exact = read_int() != 0;
    r.ranges = (uint32_t)read_int();
    r.range = allocate(r.ranges * sizeof *r.range);
    for (uint32_t i = 0; i < r.ranges; i++) {
        r.range[i].begin = read_int();
        r.range[i].end = read_int();
    }
    return r;
}

static void do_run(uint32_t index, uint32_t number, const run_spec *run, const contents *inputs,
                   const contents *outputs, uint8_t *const *consts, uint32_t align, uint32_t scratch_bytes, int32_t kept)
{
    guarded in[MAX_BUFFERS], out[MAX_BUFFERS], shared = {0};
    uint8_t *in_data[MAX_BUFFERS], *out_data[MAX_BUFFERS];
    if (run->overlap >= 0) {
        const int32_t in_start = run->distance < 0 ? -run->distance : 0;
        const int32_t out_start = run->distance < 0 ? 0 : run->distance;
        const uint32_t in_end = (uint32_t)in_start + inputs->bytes[run->overlap];
        const uint32_t out_end = (uint32_t)out_start + outputs->bytes[0];
        shared = guard(in_end > out_end ? in_end : out_end, align, run->exact);
        memset(shared.data, GARBAGE, shared.bytes);
        in_data[run->overlap] = shared.data + in_start;
        out_data[0] = shared.data + out_start;
    }
    for (uint32_t i = 0; i < inputs->count; i++) {
        if ((int32_t)i != run->overlap) {
            in[i] = guard(inputs->bytes[i], align, run->exact);
            in_data[i] = in[i].data;
        }
        memcpy(in_data[i], inputs->data[i], inputs->bytes[i]);
    }
    for (uint32_t i = 0; i < outputs->count; i++) {
        if (i != 0 || run->overlap < 0) {
            out[i] = guard(outputs->bytes[i], align, run->exact);
            out_data[i] = out[i].data;
            memset(out_data[i], GARBAGE, outputs->bytes[i]);
        }
    }
    guarded scratch = {0};
    for (uint32_t i = 0; i < run->ranges; i++) {
        if (i == 0 || !kept) {
            scratch = guard(scratch_bytes, align, run->exact);
            memset(scratch.data, GARBAGE, scratch_bytes);
        }
        driver_calls[index](consts, in_data, out_data, scratch_bytes != 0 ? scratch.data : NULL, run->range[i]);
        if (!intact(&scratch)) {
            report(index, number, "scratch-guard", 0, 0, 0);
        }
        if (i + 1 == run->ranges || !kept) {
            free(scratch.block);
        }
    }
    for (uint32_t i = 0; i < outputs->count; i++) {
        compare(index, number, "output", out_data[i], outputs->data[i], outputs->bytes[i]);
        if ((i != 0 || run->overlap < 0) && !intact(&out[i])) {
            report(index, number, "output-guard", i, 0, 0);
        }
    }
    for (uint32_t i = 0; i < inputs->count; i++) {
        if ((int32_t)i != run->overlap) {
            compare(index, number, "input-changed", in_data[i], inputs->data[i], inputs->bytes[i]);
            if (!intact(&in[i])) {
                report(index, number, "input-guard", i, 0, 0);
            }
            free(in[i].block);
        }
    }
    for (uint32_t i = 0; i < outputs->count; i++) {
        if (i != 0 || run->overlap < 0) {
            free(out[i].block);
        }
    }
    if (run->overlap >= 0) {
        if (!intact(&shared)) {
            report(index, number, "shared-guard", 0, 0, 0);
        }
        free(shared.block);
    }
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 256);
    file = fopen(argc > 1 ? argv[1] : "cases.bin", "rb");
    if (file == NULL) {
        die("cannot open the file of cases");
    }
    for (uint32_t index = 0; index < driver_count; index++) {
        printf("case %u\n", (unsigned)index);
        contents consts, inputs, outputs;
        uint8_t *aligned[MAX_BUFFERS];
        uint8_t *blocks[MAX_BUFFERS];
        read_contents(&consts);
        for (uint32_t i = 0; i < consts.count; i++) {
            const uint32_t align = (uint32_t)read_int();
            blocks[i] = allocate(consts.bytes[i] + align);
            aligned[i] = blocks[i] + (align - (uintptr_t)blocks[i] % align) % align;
            memcpy(aligned[i], consts.data[i], consts.bytes[i]);
            ASAN_POISON_MEMORY_REGION(aligned[i] + consts.bytes[i],
                                      align - (uint32_t)(aligned[i] - blocks[i]));
        }
        read_contents(&inputs);
        read_contents(&outputs);
        const uint32_t align = (uint32_t)read_int();
        const uint32_t scratch_bytes = (uint32_t)read_int();
        const int32_t kept = read_int();
        const uint32_t runs = (uint32_t)read_int();
        for (uint32_t i = 0; i < runs; i++) {
            const run_spec run = read_run();
            do_run(index, i, &run, &inputs, &outputs, aligned, align, scratch_bytes, kept);
            free(run.range);
        }
        for (uint32_t i = 0; i < consts.count; i++) {
            free(blocks[i]);
        }
        free_contents(&consts);
        free_contents(&inputs);
        free_contents(&outputs);
    }
    fclose(file);
    printf("done %u\n", (unsigned)reports);
    return reports != 0;
}
