#include "sdk/pairs_m0.h"

/* Thumb instructions on r0, the words; r1, a product; r2, a word; r3 and up, accumulators. */
enum {
    LOAD = 0xC804,     /* ldmia r0!, {r2} */
    SKIP = 0x3000,     /* adds r0, #n */
    NEXT_RUN = 0x4458, /* add r0, r11 */
    MOVE = 0x2100,     /* movs r1, #n */
    MULTIPLY = 0x4351, /* muls r1, r2 */
    SHIFT = 0x0011,    /* lsls r1, r2, #n */
    ADD = 0x1800,      /* adds rd, rn, rm */
    SUBTRACT = 0x1A00, /* subs rd, rn, rm */
    RETURN = 0x4770,   /* bx lr */
    MOST_SKIPPED = 252,
    WORD = sizeof(uint32_t)
};

/* Positions of the lowest bit of 1 .. 127 that are powers of two, else 0. */
static uint32_t shift_of(uint32_t size)
{
    uint32_t bits = 0;
    if ((size & (size - 1u)) == 0) {
        while (size >> bits > 1u) {
            bits++;
        }
    }
    return bits;
}

static uint16_t *tap(uint16_t *code, const int8_t *weights)
{
    uint32_t held = 1;
    *code++ = LOAD;
    for (uint32_t a = 3; a < 3 + SDK_PAIRS_NARROW; a++) {
        const int32_t weight = *weights++;
        if (weight == 0) {
            continue;
        }
        const uint32_t size = (uint32_t)(weight < 0 ? -weight : weight);
        uint32_t from = 2;
        if (size != 1) {
            from = 1;
            if (size != held) {
                const uint32_t bits = shift_of(size);
                held = size;
                if (bits != 0) {
                    *code++ = (uint16_t)(SHIFT | bits << 6);
                } else {
                    *code++ = (uint16_t)(MOVE | size);
                    *code++ = MULTIPLY;
                }
            }
        }
        *code++ = (uint16_t)((weight < 0 ? SUBTRACT : ADD) | from << 6 | a << 3 | a);
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
