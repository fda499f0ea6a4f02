#include "sdk/packed.h"

#include <string.h>

enum { BLOCK = 32, TERNARY_BLOCK = 20, LANES = 4 };

/* Where a reader of packed weights is; block: codes that were unpacked and not yet used, up to its end. */
typedef struct {
    const sdk_packed *from;
    const uint32_t *next;
    const uint8_t *mask;
    uint32_t mask_bit;
    int32_t left;
    _Alignas(uint32_t) int8_t block[BLOCK];
} reader;

/* to: aligned to 4, so that cores without unaligned access store a word. */
static void store(int8_t *to, uint32_t word)
{
    memcpy(__builtin_assume_aligned(to, sizeof word), &word, sizeof word);
}

/* Four bytes of codes as numbers in two's complement; half: 2**(bits - 1) in each byte. */
static uint32_t extended(uint32_t codes, uint32_t half)
{
    return ((((codes ^ half) | 0x80808080u) - half) ^ 0x80808080u);
}

/* Four levels from a table. */
static uint32_t looked_up(uint32_t codes, const int8_t *levels)
{
    uint32_t result = 0;
    for (int32_t lane = 0; lane < LANES; lane++) {
        result |= (uint32_t)(uint8_t)levels[codes >> 8 * lane & 0xFFu] << 8 * lane;
    }
    return result;
}

static const uint32_t *unpack_planes(const sdk_packed *p, const uint32_t *words, int8_t *to)
{
    const uint32_t bits = (uint32_t)p->bits;
    const uint32_t *fours = words;
    const uint32_t *twos = fours + (bits & 4u);
    const uint32_t *ones = twos + (bits & 2u);
    const uint32_t half = 0x01010101u << (bits - 1u);
    if (bits == 4 && p->levels == NULL) {
        for (int32_t i = 0; i < 4; i++, to += 2 * LANES) {
            store(to, extended(fours[i] & 0x0F0F0F0Fu, 0x08080808u));
            store(to + LANES, extended(fours[i] >> 4 & 0x0F0F0F0Fu, 0x08080808u));
        }
        return ones;
    }
    for (uint32_t i = 0; i < BLOCK / LANES; i++, to += LANES) {
        uint32_t codes = 0;
        uint32_t shift = 0;
        if ((bits & 4u) != 0) {
            codes = fours[i / 2] >> 4 * (i % 2) & 0x0F0F0F0Fu;
            shift = 4;
        }
        if ((bits & 2u) != 0) {
            codes |= (twos[i / 4] >> 2 * (i % 4) & 0x03030303u) << shift;
            shift += 2;
        }
        if ((bits & 1u) != 0) {
            codes |= (ones[0] >> i & 0x01010101u) << shift;
        }
        store(to, p->levels == NULL ? extended(codes, half) : looked_up(codes, p->levels));
    }
    return ones + (bits & 1u);
}

static const uint32_t *unpack_digits(const sdk_packed *p, const uint32_t *words, int8_t *to)
{
    uint32_t even = words[0] & 0x00FF00FFu;
    uint32_t odd = words[0] >> 8 & 0x00FF00FFu;
    for (int32_t i = 0; i < TERNARY_BLOCK / LANES; i++, to += LANES) {
        even *= 3u;
        odd *= 3u;
        uint32_t codes = (even >> 8 & 0x00030003u) | (odd & 0x03000300u);
        even &= 0x00FF00FFu;
        odd &= 0x00FF00FFu;
        /* 0, 1, 2 to -1, 0, 1: no byte borrows from the next. */
        codes = p->levels == NULL ? ((codes | 0x80808080u) - 0x01010101u) ^ 0x80808080u
                                  : looked_up(codes, p->levels);
        store(to, codes);
    }
    return words + 1;
}

static int32_t block_size(const sdk_packed *p)
{
    return p->bits != 0 ? BLOCK : TERNARY_BLOCK;
}

static const uint32_t *unpack_block(const sdk_packed *p, const uint32_t *words, int8_t *to)
{
    return p->bits != 0 ? unpack_planes(p, words, to) : unpack_digits(p, words, to);
}

/* Levels of the next codes. */
static void read_codes(reader *r, int8_t *to, int32_t count)
{
    const int32_t size = block_size(r->from);
    while (count > 0) {
        if (r->left == 0 && count >= size && (uintptr_t)to % sizeof(uint32_t) == 0) {
            r->next = unpack_block(r->from, r->next, to);
            to += size;
            count -= size;
            continue;
        }
        if (r->left == 0) {
            r->next = unpack_block(r->from, r->next, r->block);
            r->left = size;
        }
        const int32_t part = count < r->left ? count : r->left;
        memcpy(to, r->block + size - r->left, (size_t)part);
        r->left -= part;
        to += part;
        count -= part;
    }
}

/* A reader at a weight. */
static reader reader_at(const sdk_packed *p, int32_t weight)
{
    reader r = {.from = p, .next = p->codes, .mask = p->mask};
    int32_t code = weight;
    if (p->mask != NULL) {
        code = 0;
        for (int32_t i = 0; i < weight; i++) {
            code += p->mask[i / 8] >> i % 8 & 1;
        }
        r.mask += weight / 8;
        r.mask_bit = (uint32_t)weight % 8u;
    }
    const int32_t size = block_size(p);
    r.next += code / size * (p->bits != 0 ? p->bits : 1);
    if (code % size != 0) {
        r.next = unpack_block(p, r.next, r.block);
        r.left = size - code % size;
    }
    return r;
}

static void read_weights(reader *r, int8_t *to, int32_t count)
{
    if (r->mask == NULL) {
        read_codes(r, to, count);
        return;
    }
    for (int32_t i = 0; i < count; i++) {
        to[i] = 0;
        if ((*r->mask >> r->mask_bit & 1) != 0) {
            read_codes(r, to + i, 1);
        }
        r->mask_bit = (r->mask_bit + 1u) % 8u;
        r->mask += r->mask_bit == 0;
    }
}

static uint32_t halves(int32_t low, int32_t high)
{
    return ((uint32_t)low & 0xFFFFu) | (uint32_t)high << 16;
}

/* Two halves of which each has bytes w1, w0, to 256 * w1 + w0. */
static uint32_t linked(uint32_t bytes)
{
    const uint32_t biased = bytes ^ 0x00800080u;
    return ((biased - 0x80u) & 0xFFFFu) | ((biased & 0xFFFF0000u) - 0x00800000u);
}

/* Words of a record's weights. */
static void unpack_body(reader *r, const sdk_packed_stream *s, uint32_t *to)
{
    if (s->form == SDK_PACKED_BYTES) {
        read_weights(r, (int8_t *)to, LANES * s->body);
        return;
    }
    const uint32_t *const end = to + s->body;
    _Alignas(uint32_t) int8_t w[BLOCK];
    if (s->form == SDK_PACKED_CHAIN) {
        while (to != end) {
            const int32_t steps = (end - to) / 3 < 4 ? (int32_t)((end - to) / 3) : 4;
            read_weights(r, w, 8 * steps);
            for (const int8_t *v = w; v != w + 8 * steps; v += 8, to += 3) {
                uint32_t low, high;
                memcpy(&low, __builtin_assume_aligned(v, sizeof low), sizeof low);
                memcpy(&high, __builtin_assume_aligned(v + 4, sizeof high), sizeof high);
                to[0] = linked((low & 0xFFFFu) | high << 16);
                to[1] = linked((low >> 8 & 0xFFFFu) | (high << 8 & 0xFFFF0000u));
                to[2] = linked(low >> 16 | (high & 0xFFFF0000u));
            }
        }
        return;
    }
    const int32_t factor = s->form == SDK_PACKED_HALVES_256 ? 256 : 1;
    while (to != end) {
        const int32_t words = end - to < BLOCK / 2 ? (int32_t)(end - to) : BLOCK / 2;
        read_weights(r, w, 2 * words);
        for (int32_t i = 0; i < words; i++) {
            to[i] = halves(factor * w[2 * i], factor * w[2 * i + 1]);
        }
        to += words;
    }
}

/* Weights of a record. */
static int32_t body_weights(const sdk_packed_stream *s)
{
    switch (s->form) {
    case SDK_PACKED_BYTES:
        return 4 * s->body;
    case SDK_PACKED_CHAIN:
        return 8 * s->body / 3;
    case SDK_PACKED_HALVES:
    case SDK_PACKED_HALVES_256:
    default:
        return 2 * s->body;
    }
}

void sdk_unpack(const sdk_packed_stream *stream, int32_t first, int32_t count, uint32_t *to)
{
    const sdk_packed_stream *const s = stream;
    const uint32_t *plain = s->plain + first * (s->head + s->tail);
    reader r = reader_at(&s->weights, first * body_weights(s));
    for (int32_t i = 0; i < count; i++) {
        for (int32_t k = 0; k < s->head; k++) {
            *to++ = *plain++;
        }
        unpack_body(&r, s, to);
        to += s->body;
        for (int32_t k = 0; k < s->tail; k++) {
            *to++ = *plain++;
        }
    }
}
