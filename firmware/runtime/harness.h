/*
 * Runs the firmware's models one inference at a time and keeps account of what the arena holds, so that a result is
 * only ever read when it is there.
 */
#ifndef SDK_HARNESS_H
#define SDK_HARNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "sdk/model.h"

/* Outcome of a request; the values are those of the protocol. */
typedef enum {
    SDK_STATUS_OK = 0,
    SDK_STATUS_NO_SESSION = 1,
    SDK_STATUS_BAD_VERSION = 2,
    SDK_STATUS_BAD_COMMAND = 3,
    SDK_STATUS_BAD_LENGTH = 4,
    SDK_STATUS_BAD_INDEX = 5,
    SDK_STATUS_BAD_RANGE = 6,
    SDK_STATUS_INPUT_MISSING = 7,
    SDK_STATUS_NOT_AVAILABLE = 8,
    SDK_STATUS_STALE = 9,
} sdk_status;

typedef struct {
    uint64_t cycles;
    uint64_t micros;
    uint32_t steps; /* done */
} sdk_invocation;

/* The model of that index, or NULL. */
const sdk_model *sdk_harness_model(uint32_t index);

/* Forgets what the arena holds: the next model to be used starts with its variables' initial values. */
void sdk_harness_forget(void);

/* Writes part of an input. The parts of one input come in order from offset 0; offset 0 starts it again. */
sdk_status sdk_harness_write(const sdk_model *model, uint32_t input, uint32_t offset, const uint8_t *data,
                             uint32_t bytes);

/*
 * Runs the model's first stop_after steps, or all of them if it is 0. Every input must have been written since the last
 * invoke, because the steps reuse the inputs' memory. See sdk/firmware.h for the time stamps.
 */
sdk_status sdk_harness_invoke(const sdk_model *model, bool timed, uint32_t stop_after, sdk_invocation *result);

/* Finds an output after an invoke of all steps; it is gone when an input is written. */
sdk_status sdk_harness_output(const sdk_model *model, uint32_t output, sdk_region *region);

/* Finds the first output of the step at which the last invoke ended. */
sdk_status sdk_harness_step_output(const sdk_model *model, uint32_t step, sdk_region *region);

/* Number of time stamps in sdk_step_stamps that belong to the model's last invoke; 0 if it was not timed. */
uint32_t sdk_harness_stamps(const sdk_model *model);

/* Sets the model's variables to their initial values. */
void sdk_harness_reset(const sdk_model *model);

#endif
