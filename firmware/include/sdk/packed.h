/*
 * Weights stored in fewer than eight bits, and how they become what the int8 kernels read.
 *
 * sdk/encode/encoding.py packs them: codes in blocks of 32, in planes of 4, 2 and 1 bits, so that a word has the codes
 * of several fours of weights; or ternary digits in blocks of 20, five in a byte.
 */
#ifndef SDK_PACKED_H
#define SDK_PACKED_H

#include "sdk/kernel.h"

/* bits: of a code, 1 .. 6; 0: ternary digits. */
typedef struct {
    const uint32_t *codes;
    const int8_t *levels; /* of each code; NULL: the codes in two's complement, or digit - 1 */
    const uint8_t *mask;  /* a bit for each weight, 0: it is 0 and has no code; NULL: all have codes */
    int32_t bits;
} sdk_packed;

/* What a kernel reads; each form is made of int8 weights. */
typedef enum {
    SDK_PACKED_BYTES,      /* int8: 4 weights a word */
    SDK_PACKED_HALVES,     /* int16: 2 a word */
    SDK_PACKED_HALVES_256, /* int16, times 256: 2 a word */
    SDK_PACKED_CHAIN       /* 256 * w1 + w0, 256 * w2 + w1, 256 * w3 + w2 of two fours: 8 for 3 words */
} sdk_packed_form;

/*
 * A stream of records: words that are stored as they are, weights, and again words as they are.
 *
 * plain: head + tail words of each record.
 * body: words of weights in a record; for SDK_PACKED_CHAIN a multiple of 3.
 */
typedef struct {
    sdk_packed weights;
    const uint32_t *plain;
    int32_t records;
    int32_t head;
    int32_t body;
    int32_t tail;
    sdk_packed_form form;
} sdk_packed_stream;

/* Writes records first .. first + count - 1; to: count * (head + body + tail) words. */
void sdk_unpack(const sdk_packed_stream *stream, int32_t first, int32_t count, uint32_t *to);

/* Writes all records and returns them; scratch: aligned to 4. */
static inline const void *sdk_unpack_all(const sdk_packed_stream *stream, void *scratch)
{
    sdk_unpack(stream, 0, stream->records, scratch);
    return scratch;
}

/* What follows all records in scratch. */
static inline void *sdk_packed_end(const sdk_packed_stream *stream, void *scratch)
{
    return (uint32_t *)scratch + stream->records * (stream->head + stream->body + stream->tail);
}

/*
 * Defines sdk_<name>, whose parameters, params_type, are those of the kernel sdk_<inner_name> and a stream: it unpacks
 * all weights into scratch, then does as that one, with what follows as its scratch.
 */
#define SDK_PACKED_KERNEL(name, params_type, inner_name, inner_type)                                                   \
    void sdk_##name(const params_type *params, const int8_t *input, int8_t *output, void *scratch, sdk_range range)    \
    {                                                                                                                  \
        inner_type inner = params->inner;                                                                              \
        inner.weights = sdk_unpack_all(&params->stream, scratch);                                                      \
        sdk_##inner_name(&inner, input, output, sdk_packed_end(&params->stream, scratch), range);                      \
    }

#endif
