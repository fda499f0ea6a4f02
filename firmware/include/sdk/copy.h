/*
 * Operators that only move elements, of any type: SLICE, STRIDED_SLICE, TRANSPOSE, CONCATENATION, PACK, SPLIT, UNPACK,
 * GATHER, PAD and their kin.
 */
#ifndef SDK_COPY_H
#define SDK_COPY_H

#include "sdk/kernel.h"

#define SDK_COPY_DIMS 6

/* The output is sizes[0] x ... x sizes[5] blocks; block i0 ... i5 comes from start + sum of i * strides. */
typedef struct {
    int32_t sizes[SDK_COPY_DIMS];
    int32_t strides[SDK_COPY_DIMS]; /* bytes, may be negative */
    int32_t start;                  /* bytes */
    int32_t block;                  /* bytes */
} sdk_strided_copy;

/* Blocks [range.begin, range.end), in ascending order. */
void sdk_strided_copy__ref(const sdk_strided_copy *params, const void *input, void *output, void *scratch,
                           sdk_range range);

/* Blocks of several tensors that take turns in one tensor. */
typedef struct {
    int32_t count;        /* tensors */
    const int32_t *sizes; /* [count]: bytes of a block of each */
} sdk_interleave;

/* Blocks [range.begin, range.end) of each input to one output, in ascending order. */
void sdk_concatenation__ref(const sdk_interleave *params, const void *const *inputs, void *output, void *scratch,
                            sdk_range range);

/* Blocks [range.begin, range.end) of one input to each output, in ascending order. */
void sdk_split__ref(const sdk_interleave *params, const void *input, void *const *outputs, void *scratch,
                    sdk_range range);

/* Picks slices: input [outer, size, slice], indices [count], output [outer, count, slice]. */
typedef struct {
    int32_t size;
    int32_t count;
    int32_t slice; /* bytes */
} sdk_gather;

/* Slices [range.begin, range.end) of the outer * count, in ascending order; indices outside the input give zeros. */
void sdk_gather__ref(const sdk_gather *params, const void *input, const int32_t *indices, void *output, void *scratch,
                     sdk_range range);

#define SDK_GATHER_ND_DIMS 6

/* Picks slices by several indices each: indices [count, depth], output [count, slice]. */
typedef struct {
    int32_t depth;
    int32_t sizes[SDK_GATHER_ND_DIMS];   /* of the input's first `depth` dimensions */
    int32_t strides[SDK_GATHER_ND_DIMS]; /* bytes */
    int32_t slice;                       /* bytes */
} sdk_gather_nd;

/* Slices [range.begin, range.end), in ascending order; indices outside the input give zeros. */
void sdk_gather_nd__ref(const sdk_gather_nd *params, const void *input, const int32_t *indices, void *output,
                        void *scratch, sdk_range range);

#define SDK_TABLE_DIMS 6

/* The output is sizes[0] x ... x sizes[5] blocks; block i0 ... i5 comes from the sum of each dimension's offset. */
typedef struct {
    int32_t sizes[SDK_TABLE_DIMS];
    const int32_t *offsets; /* [sum of sizes]: bytes, dimension after dimension */
    int32_t block;          /* bytes */
} sdk_table_copy;

/* Blocks [range.begin, range.end), in ascending order. */
void sdk_table_copy__ref(const sdk_table_copy *params, const void *input, void *output, void *scratch,
                         sdk_range range);

/* Input [batches, height, width, pixel], output [block_h * block_w * batches, out_height, out_width, pixel]. */
typedef struct {
    int32_t batches;
    int32_t height;
    int32_t width;
    int32_t block_h;
    int32_t block_w;
    int32_t pad_h; /* rows of padding above the image */
    int32_t pad_w; /* columns left of it */
    int32_t out_height;
    int32_t out_width;
    int32_t pixel; /* bytes */
    uint8_t fill;  /* each byte of the padding */
} sdk_space_to_batch;

/* Output rows [range.begin, range.end) of all images, in ascending order. */
void sdk_space_to_batch__ref(const sdk_space_to_batch *params, const void *input, void *output, void *scratch,
                             sdk_range range);

#define SDK_PAD_DIMS 5

/* The output's rows (its last dimension), padded or copied. */
typedef struct {
    int32_t sizes[SDK_PAD_DIMS];  /* of the output but for the last dimension */
    int32_t before[SDK_PAD_DIMS]; /* padding before the input's part, in indices */
    int32_t inputs[SDK_PAD_DIMS]; /* sizes of the input */
    int32_t left;                 /* bytes of padding before the input's part of a row */
    int32_t copied;               /* bytes of an input row */
    int32_t right;                /* bytes of padding behind it */
    uint8_t value[4];             /* what the padding repeats */
    int32_t value_bytes;          /* 1, 2 or 4 */
} sdk_pad;

/* Output rows [range.begin, range.end), in ascending order. */
void sdk_pad__ref(const sdk_pad *params, const void *input, void *output, void *scratch, sdk_range range);

#endif
