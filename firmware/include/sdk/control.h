/* IF and WHILE: operators that call other graphs of the model. */
#ifndef SDK_CONTROL_H
#define SDK_CONTROL_H

#include "sdk/kernel.h"

/* A graph with an arena of its own, which lies in the scratch of the operator that calls it. */
typedef struct {
    void (*run)(uint8_t *arena);
    const int32_t *inputs;  /* where in its arena what it is given belongs */
    const int32_t *outputs; /* where it leaves its results */
} sdk_graph;

typedef struct {
    int32_t input_count; /* the condition not counted */
    int32_t output_count;
    const int32_t *input_bytes;
    const int32_t *output_bytes;
    sdk_graph then_graph;
    sdk_graph else_graph;
} sdk_if;

/* inputs[0] is the condition, a byte; the outputs are those of the graph that it chooses. The range is {0, 1}. */
void sdk_if__ref(const sdk_if *params, const void *const *inputs, void *const *outputs, void *scratch,
                 sdk_range range);

typedef struct {
    int32_t count; /* tensors that the loop carries */
    const int32_t *bytes;
    sdk_graph cond_graph; /* its one output is a byte */
    sdk_graph body_graph;
} sdk_while;

/*
 * Starting from the inputs, replaces the carried tensors by what the body makes of them as long as the condition holds.
 * The outputs hold them meanwhile, so they overlap no input. The range is {0, 1}.
 */
void sdk_while__ref(const sdk_while *params, const void *const *inputs, void *const *outputs, void *scratch,
                    sdk_range range);

#endif
