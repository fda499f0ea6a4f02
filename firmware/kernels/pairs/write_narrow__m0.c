#include "sdk/pairs_m0.h"

/* Thumb instructions on r0, the words; r1, a product; r2, a word; r3 and up, accumulators. */
enum {
    LOAD = 0xC804,             /* ldmia r0!, {r2} */
    SKIP = 0x3000,             /* adds r0, #n */
    NEXT_RUN = 0x4458,         /* add r0, r11 */
    MOVE = 0x2100,             /* movs r1, #n */
    MULTIPLY = 0x4351,         /* muls r1, r2 */
    SHIFT = 0x0011,            /* lsls r1, r2, #n */
    ADD = 0x181B,              /* adds r3, r3, r0; */
    NEXT_ACCUMULATOR = 0x0009, /* of it the same with r4, r5 ... */
    SUBTRACT = 0x0200,         /* or subs */
    PRODUCT = 0x0040,          /* or with r1 */
    WORD_ITSELF = 0x0080,      /* or r2 as the last register */
    RETURN = 0x4770,           /* bx lr */
    MOST_SKIPPED = 252,
    WORD = sizeof(uint32_t)
};

/* Logarithms of the powers of two from 2 to 64. */
static const uint8_t shifts[65] = {[2] = 1, [4] = 2, [8] = 3, [16] = 4, [32] = 5, [64] = 6};

static uint16_t *tap(uint16_t *code, const int8_t *weights)
{
    uint32_t held = 1;
    uint32_t add = ADD;
    *code++ = LOAD;
    for (uint32_t i = 0; i < SDK_PAIRS_NARROW; i++, add += NEXT_ACCUMULATOR) {
        const int32_t weight = weights[i];
        if (weight == 0) {
            continue;
        }
        const uint32_t size = (uint32_t)(weight < 0 ? -weight : weight);
        const uint32_t to = weight < 0 ? add + SUBTRACT : add;
        if (size == 1) {
            *code++ = (uint16_t)(to + WORD_ITSELF);
            continue;
        }
        if (size != held) {
            held = size;
            if (size < sizeof shifts && shifts[size] != 0) {
                *code++ = (uint16_t)(SHIFT | (uint32_t)shifts[size] << 6);
            } else {
                *code++ = (uint16_t)(MOVE | size);
                *code++ = MULTIPLY;
            }
        }
        *code++ = (uint16_t)(to + PRODUCT);
    }
    return code;
}

void sdk_pairs_write_narrow__m0(uint16_t *code, const int8_t *weights, int32_t runs, int32_t run)
{
    for (int32_t i = 0; i < runs; i++) {
        uint32_t skipped = 0;
        if (i != 0) {
            *code++ = NEXT_RUN;
        }
        for (int32_t t = 0; t < run; t++, weights += SDK_PAIRS_NARROW) {
            if ((weights[0] | weights[1] | weights[2] | weights[3] | weights[4]) == 0 && skipped < MOST_SKIPPED) {
                skipped += WORD;
                continue;
            }
            if (skipped != 0) {
                *code++ = (uint16_t)(SKIP | skipped);
                skipped = 0;
            }
            code = tap(code, weights);
        }
        if (skipped != 0) {
            *code++ = (uint16_t)(SKIP | skipped);
        }
    }
    *code = RETURN;
#if SDK_M0_ASM
    __asm volatile("dsb\n isb" ::: "memory");
#endif
}
