#include <string.h>

#include "sdk/control.h"

static void enter(const sdk_graph *graph, int32_t count, const void *const *inputs, const int32_t *bytes,
                  uint8_t *arena)
{
    for (int32_t i = 0; i < count; i++) {
        memcpy(arena + graph->inputs[i], inputs[i], (size_t)bytes[i]);
    }
    graph->run(arena);
}

static void leave(const sdk_graph *graph, int32_t count, void *const *outputs, const int32_t *bytes,
                  const uint8_t *arena)
{
    for (int32_t i = 0; i < count; i++) {
        memcpy(outputs[i], arena + graph->outputs[i], (size_t)bytes[i]);
    }
}

void sdk_if__ref(const sdk_if *params, const void *const *inputs, void *const *outputs, void *scratch,
                 sdk_range range)
{
    (void)range;
    const uint8_t *const condition = inputs[0];
    const sdk_graph *const graph = *condition != 0 ? &params->then_graph : &params->else_graph;
    enter(graph, params->input_count, inputs + 1, params->input_bytes, scratch);
    leave(graph, params->output_count, outputs, params->output_bytes, scratch);
}

void sdk_while__ref(const sdk_while *params, const void *const *inputs, void *const *outputs, void *scratch,
                    sdk_range range)
{
    (void)range;
    const sdk_graph *const cond = &params->cond_graph;
    const void *const *carried = (const void *const *)outputs;
    uint8_t *const arena = scratch;
    for (int32_t i = 0; i < params->count; i++) {
        memcpy(outputs[i], inputs[i], (size_t)params->bytes[i]);
    }
    for (;;) {
        enter(cond, params->count, carried, params->bytes, arena);
        if (arena[cond->outputs[0]] == 0) {
            return;
        }
        enter(&params->body_graph, params->count, carried, params->bytes, arena);
        leave(&params->body_graph, params->count, outputs, params->bytes, arena);
    }
}
