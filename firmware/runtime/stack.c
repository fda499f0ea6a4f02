#include "stack.h"

#include "sdk/port.h"

#define PAINT 0xa5u
#define MARGIN 256u /* left alone below the painter's frame: leaf calls and red zones */

static uint8_t *painted_low;
static uint8_t *painted_high;

void sdk_stack_paint(void)
{
    uint8_t *low = NULL;
    uint8_t *high = NULL;
    volatile uint8_t here = 0;

    (void)here;
    port_stack(&low, &high);
    const uintptr_t now = (uintptr_t)&here;
    if (low == NULL || now < (uintptr_t)low + MARGIN || now >= (uintptr_t)high) {
        return;
    }
    volatile uint8_t *byte = low;
    while ((uintptr_t)byte < now - MARGIN) {
        *byte++ = PAINT;
    }
    painted_low = low;
    painted_high = high;
}

void sdk_stack_marks(uint32_t *used, uint32_t *size)
{
    const uint8_t *mark = painted_low;
    while (mark < painted_high && *mark == PAINT) {
        mark++;
    }
    *used = (uint32_t)(painted_high - mark);
    *size = (uint32_t)(painted_high - painted_low);
}
