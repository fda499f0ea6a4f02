/*
 * Models for tests of the link, as the emitter would describe them. Each output depends on every input byte and on
 * the number of invokes since the reset, so a request that is run twice or a byte that is wrong shows.
 *
 *   counter: 16 bytes in, 20 out: the first 4 are the number of invokes, the rest input XOR (number, ...)
 *   wide:    inputs of 3000 and 1 bytes, outputs of 2500 and 0 bytes; steps overwrite the inputs
 *   slow:    1 byte in and out; takes 40 ms
 */
#define _POSIX_C_SOURCE 200809L

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "sdk/firmware.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof(array)[0]))
#define ARENA 8192

#ifndef BOARD_ID
#define BOARD_ID "host-test"
#endif

#ifndef SLOW_NS
#define SLOW_NS 40000000
#endif

uint8_t sdk_arena[ARENA];
const uint32_t sdk_arena_bytes = ARENA;
uint64_t sdk_step_stamps[4];
const uint32_t sdk_step_stamp_count = COUNT(sdk_step_stamps);
const uint8_t sdk_build_id[20] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19};
const char sdk_board_id[] = BOARD_ID;

static bool ends(sdk_step_hook hook, void *context, uint32_t step)
{
    return hook != NULL && hook(context, step) != 0;
}

/* counter: variable at 0, input at 16, output at 64 (step 0's output is step 1's input) */

static const sdk_region counter_inputs[] = {{16, 16}};
static const sdk_region counter_outputs[] = {{64, 20}};
static const sdk_region counter_steps[] = {{32, 16}, {64, 20}};

static void counter_reset(uint8_t *arena)
{
    memset(arena, 0, 4);
}

static int counter_invoke(uint8_t *arena, sdk_step_hook hook, void *context)
{
    if (ends(hook, context, 0)) {
        return 1;
    }
    for (uint32_t i = 0; i < 4 && ++arena[i] == 0; i++) {
    }
    for (uint32_t i = 0; i < 16; i++) {
        arena[32 + i] = arena[16 + i] ^ arena[0];
        arena[16 + i] = 0xee;
    }
    if (ends(hook, context, 1)) {
        return 1;
    }
    memcpy(arena + 64, arena, 4);
    memcpy(arena + 68, arena + 32, 16);
    return ends(hook, context, 2);
}

static const sdk_model counter = {
    .name = "counter",
    .sha256 = {1, 2, 3},
    .arena_bytes = 96,
    .arena_align = 16,
    .input_count = COUNT(counter_inputs),
    .inputs = counter_inputs,
    .output_count = COUNT(counter_outputs),
    .outputs = counter_outputs,
    .step_count = COUNT(counter_steps),
    .step_outputs = counter_steps,
    .reset = counter_reset,
    .invoke = counter_invoke,
};

/* wide: inputs at 0 and 3000, outputs at 4000 and 6500 */

static const sdk_region wide_inputs[] = {{0, 3000}, {3000, 1}};
static const sdk_region wide_outputs[] = {{4000, 2500}, {6500, 0}};
static const sdk_region wide_steps[] = {{0, 3000}, {4000, 2500}, {6500, 0}};

static void wide_reset(uint8_t *arena)
{
    (void)arena;
}

static int wide_invoke(uint8_t *arena, sdk_step_hook hook, void *context)
{
    if (ends(hook, context, 0)) {
        return 1;
    }
    for (uint32_t i = 0; i < 3000; i++) {
        arena[i] = (uint8_t)(arena[i] + arena[3000]);
    }
    if (ends(hook, context, 1)) {
        return 1;
    }
    for (uint32_t i = 0; i < 2500; i++) {
        arena[4000 + i] = arena[i] ^ arena[i + 500];
    }
    if (ends(hook, context, 2)) {
        return 1;
    }
    return ends(hook, context, 3);
}

static const sdk_model wide = {
    .name = "wide",
    .sha256 = {4, 5, 6},
    .arena_bytes = 6500,
    .arena_align = 16,
    .input_count = COUNT(wide_inputs),
    .inputs = wide_inputs,
    .output_count = COUNT(wide_outputs),
    .outputs = wide_outputs,
    .step_count = COUNT(wide_steps),
    .step_outputs = wide_steps,
    .reset = wide_reset,
    .invoke = wide_invoke,
};

/* slow: in place at 0 */

static const sdk_region slow_tensor[] = {{0, 1}};

static int slow_invoke(uint8_t *arena, sdk_step_hook hook, void *context)
{
    const struct timespec time = {.tv_nsec = SLOW_NS};
    if (ends(hook, context, 0)) {
        return 1;
    }
    (void)nanosleep(&time, NULL);
    arena[0]++;
    return ends(hook, context, 1);
}

static const sdk_model slow = {
    .name = "slow",
    .arena_bytes = 1,
    .arena_align = 1,
    .input_count = 1,
    .inputs = slow_tensor,
    .output_count = 1,
    .outputs = slow_tensor,
    .step_count = 1,
    .step_outputs = slow_tensor,
    .reset = wide_reset,
    .invoke = slow_invoke,
};

const sdk_model *const sdk_models[] = {&counter, &wide, &slow};
const uint32_t sdk_model_count = COUNT(sdk_models);
