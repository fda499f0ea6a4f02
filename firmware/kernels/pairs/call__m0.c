/* C twins of sdk_pairs_call__m0 and sdk_pairs_call_narrow__m0: the instructions that their code uses, one by one. */
#include "sdk/pairs_m0.h"

#if !SDK_M0_ASM

enum { RETURN = 0x4770 };

typedef struct {
    uint32_t r[16];
    uint32_t carry;
} core;

static uint32_t shifted_right(core *c, uint32_t value, uint32_t bits)
{
    c->carry = (value >> (bits - 1)) & 1u;
    return (value >> bits) | (value >> 31 != 0 ? ~(UINT32_MAX >> bits) : 0u);
}

/* r[0] is an offset from the words. */
static void execute(core *c, const uint16_t *code, const uint32_t *words)
{
    for (; *code != RETURN; code++) {
        const uint32_t low = *code & 7u, next = (*code >> 3) & 7u, immediate = (*code >> 6) & 31u;
        uint32_t *const r = c->r, *const at = &r[(*code >> 8) & 7u];
        switch (*code >> 11) {
        case 0x00: /* LSLS; its carry is not used */
            r[low] = r[next] << immediate;
            break;
        case 0x02: /* ASRS */
            r[low] = shifted_right(c, r[next], immediate);
            break;
        case 0x03: /* ADDS, SUBS */
            r[low] = (*code & 0x200u) != 0 ? r[next] - r[immediate & 7u] : r[next] + r[immediate & 7u];
            break;
        case 0x04: /* MOVS */
            *at = *code & 0xFFu;
            break;
        case 0x06: /* ADDS */
            *at += *code & 0xFFu;
            break;
        case 0x19: /* LDMIA */
            for (uint32_t i = 0; i < 8u; i++) {
                if ((*code >> i & 1u) != 0) {
                    r[i] = words[(int32_t)*at / (int32_t)sizeof(uint32_t)];
                    *at += (uint32_t)sizeof(uint32_t);
                }
            }
            break;
        default: { /* of two registers, of which ADD and MOV may name high ones */
            const uint32_t any = low | (*code >> 4 & 8u), other = *code >> 3 & 15u;
            switch (*code >> 6) {
            case 0x105: /* ADCS */
                r[low] += r[next] + c->carry;
                break;
            case 0x109: /* RSBS */
                r[low] = 0u - r[next];
                break;
            case 0x10D: /* MULS */
                r[low] *= r[next];
                break;
            default:
                r[any] = *code >> 8 == 0x46 ? r[other] : r[any] + r[other];
            }
        }
        }
    }
}

void sdk_pairs_call__m0(const uint32_t *words, sdk_pairs_sums *sums, const sdk_pairs_walk *walk, const void *code)
{
    core c = {.r = {[11] = (uint32_t)walk->run_step}};
    for (int32_t row = 0; row < walk->rows; row++, c.r[0] += (uint32_t)walk->row_step) {
        for (int32_t column = 0; column < walk->columns; column++, sums++) {
            execute(&c, code, words);
            *sums = (sdk_pairs_sums){{(int32_t)(c.r[4] - (c.r[5] << 16)), (int32_t)c.r[5]},
                                     {(int32_t)(c.r[6] - (c.r[7] << 16)), (int32_t)c.r[7]}};
            c.r[0] += (uint32_t)walk->column_step;
        }
    }
}

void sdk_pairs_call_narrow__m0(const uint32_t *words, sdk_pairs_narrow_sums *sums, const sdk_pairs_walk *walk,
                               const void *code)
{
    core c = {.r = {[11] = (uint32_t)walk->run_step}};
    for (int32_t row = 0; row < walk->rows; row++, c.r[0] += (uint32_t)walk->row_step) {
        for (int32_t column = 0; column < walk->columns; column++, sums++) {
            for (int32_t i = 0; i < SDK_PAIRS_NARROW; i++) {
                c.r[3 + i] = 0;
            }
            execute(&c, code, words);
            for (int32_t i = 0; i < SDK_PAIRS_NARROW; i++) {
                const int32_t low = (int16_t)(uint16_t)c.r[3 + i];
                sums->channel[i][0] = low;
                sums->channel[i][1] = (int16_t)(uint16_t)((c.r[3 + i] - (uint32_t)low) >> 16);
            }
            c.r[0] += (uint32_t)walk->column_step;
        }
    }
}

#endif
