/* What harness.py generates for a batch of cases, for driver.c. */
#ifndef DRIVER_H
#define DRIVER_H

#include "sdk/kernel.h"

/* Calls the kernel with a case's parameters. consts, inputs, outputs: in the order of the descriptor. */
typedef void driver_call(uint8_t *const *consts, uint8_t *const *inputs, uint8_t *const *outputs, void *scratch,
                         sdk_range range);

extern driver_call *const driver_calls[];
extern const uint32_t driver_count;

#endif
