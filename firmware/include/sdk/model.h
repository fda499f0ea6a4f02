/*
 * The interface of generated models.
 *
 * The generated <name>.h has typed functions of its own (<name>_init, <name>_input, <name>_invoke,
 * <name>_output); this description lets generic code, such as the measuring firmware, run any model.
 */
#ifndef SDK_MODEL_H
#define SDK_MODEL_H

#include <stddef.h>
#include <stdint.h>

/* A tensor's place in the arena. */
typedef struct {
    uint32_t offset; /* bytes from the arena's start */
    uint32_t bytes;
} sdk_region;

/*
 * Called before the first step with step = 0, and after each step with the number of steps done. Returning
 * non-zero ends the invoke there: the arena then holds the outputs of the step just done.
 */
typedef int (*sdk_step_hook)(void *context, uint32_t step);

typedef struct {
    const char *name;
    uint8_t sha256[32];   /* of the model file */
    uint32_t arena_bytes; /* the arena must be aligned to arena_align */
    uint32_t arena_align;
    uint32_t input_count;
    const sdk_region *inputs;
    uint32_t output_count;
    const sdk_region *outputs;
    uint32_t step_count;
    const sdk_region *step_outputs; /* first output of each step, valid right after it */
    /* Sets the variables (state kept over invokes) to their initial values. */
    void (*reset)(uint8_t *arena);
    /* Runs the steps; hook may be NULL. Returns 0, or what the hook returned to end the invoke. */
    int (*invoke)(uint8_t *arena, sdk_step_hook hook, void *context);
} sdk_model;

#endif
