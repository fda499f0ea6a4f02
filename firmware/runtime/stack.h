/* The main stack's high-water mark, by painting. */
#ifndef SDK_STACK_H
#define SDK_STACK_H

#include <stdint.h>

/* Fills the unused stack with a pattern. Call once, early. Does nothing where the port names no stack. */
void sdk_stack_paint(void);

/* Bytes of stack used at most since it was painted, and in all; both 0 where it was not painted. */
void sdk_stack_marks(uint32_t *used, uint32_t *size);

#endif
