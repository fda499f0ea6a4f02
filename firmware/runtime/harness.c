#include "harness.h"

#include <string.h>

#include "sdk/firmware.h"
#include "sdk/port.h"

#define MAX_INPUTS 32u

static struct {
    const sdk_model *model; /* whose tensors and variables the arena holds */
    uint32_t complete;      /* bit i: input i was written since the last invoke */
    uint32_t input;         /* being written, */
    uint32_t cursor;        /* with so many bytes there */
    uint32_t steps;         /* done by the last invoke; 0 when the arena holds no result */
    uint32_t stamps;
} state;

typedef struct {
    bool timed;
    uint32_t stop_after;
    uint32_t done;
} progress;

const sdk_model *sdk_harness_model(uint32_t index)
{
    return index < sdk_model_count ? sdk_models[index] : NULL;
}

void sdk_harness_forget(void)
{
    memset(&state, 0, sizeof state);
}

/* Gives the arena to the model; another model's tensors and variables in it are lost. */
static void take(const sdk_model *model)
{
    if (state.model != model) {
        sdk_harness_forget();
        state.model = model;
        model->reset(sdk_arena);
    }
}

void sdk_harness_reset(const sdk_model *model)
{
    take(model);
    model->reset(sdk_arena);
    state.steps = 0; /* an output may lie in a variable */
}

sdk_status sdk_harness_write(const sdk_model *model, uint32_t input, uint32_t offset, const uint8_t *data,
                             uint32_t bytes)
{
    if (input >= model->input_count || input >= MAX_INPUTS) {
        return SDK_STATUS_BAD_INDEX;
    }
    take(model);
    const sdk_region region = model->inputs[input];
    const uint32_t expected = state.input == input ? state.cursor : 0;
    if ((offset != 0 && offset != expected) || bytes > region.bytes - offset) {
        return SDK_STATUS_BAD_RANGE;
    }
    memcpy(sdk_arena + region.offset + offset, data, bytes);
    state.steps = 0;
    state.input = input;
    state.cursor = offset + bytes;
    if (state.cursor == region.bytes) {
        state.complete |= 1u << input;
    } else {
        state.complete &= ~(1u << input);
    }
    return SDK_STATUS_OK;
}

static int after_step(void *context, uint32_t step)
{
    progress *const run = context;
    if (run->timed) {
        sdk_step_stamps[step] = port_cycles();
    }
    run->done = step;
    return step != 0 && step == run->stop_after;
}

sdk_status sdk_harness_invoke(const sdk_model *model, bool timed, uint32_t stop_after, sdk_invocation *result)
{
    if (stop_after > model->step_count) {
        return SDK_STATUS_BAD_INDEX;
    }
    if (timed && model->step_count >= sdk_step_stamp_count) {
        return SDK_STATUS_NOT_AVAILABLE;
    }
    take(model);
    for (uint32_t input = 0; input < model->input_count; input++) {
        if (input >= MAX_INPUTS || (state.complete >> input & 1u) == 0) {
            return SDK_STATUS_INPUT_MISSING;
        }
    }

    progress run = {.timed = timed, .stop_after = stop_after, .done = model->step_count};
    const sdk_step_hook hook = timed || stop_after != 0 ? after_step : NULL;

    const uint64_t micros = port_micros();
    const uint64_t start = timed ? 0 : port_cycles();
    (void)model->invoke(sdk_arena, hook, &run);
    const uint64_t end = timed ? 0 : port_cycles();
    result->micros = port_micros() - micros;
    result->cycles = timed ? sdk_step_stamps[run.done] - sdk_step_stamps[0] : end - start;
    result->steps = run.done;

    state.complete = 0;
    state.cursor = 0;
    state.steps = run.done;
    state.stamps = timed ? run.done + 1 : 0;
    return SDK_STATUS_OK;
}

sdk_status sdk_harness_output(const sdk_model *model, uint32_t output, sdk_region *region)
{
    if (output >= model->output_count) {
        return SDK_STATUS_BAD_INDEX;
    }
    if (state.model != model || state.steps == 0 || state.steps != model->step_count) {
        return SDK_STATUS_NOT_AVAILABLE;
    }
    *region = model->outputs[output];
    return SDK_STATUS_OK;
}

sdk_status sdk_harness_step_output(const sdk_model *model, uint32_t step, sdk_region *region)
{
    if (step >= model->step_count) {
        return SDK_STATUS_BAD_INDEX;
    }
    if (state.model != model || state.steps != step + 1) {
        return SDK_STATUS_NOT_AVAILABLE;
    }
    *region = model->step_outputs[step];
    return SDK_STATUS_OK;
}

uint32_t sdk_harness_stamps(const sdk_model *model)
{
    return state.model == model ? state.stamps : 0;
}
