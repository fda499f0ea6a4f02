#include <stdbool.h>

#include "sdk/fixed16.h"
#include "sdk/lstm.h"
#include "sdk/requantize.h"

static int32_t dot(const int8_t *weights, const int8_t *vector, int32_t size)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < size; i++) {
        sum += weights[i] * vector[i];
    }
    return sum;
}

/* A gate's argument for one cell in Q3.12; saturated after each of its parts. */
static int32_t argument(const sdk_lstm_s8 *p, const sdk_lstm_gate *g, const int8_t *input, const int8_t *hidden,
                        int32_t cell, int32_t state)
{
    const int32_t in = g->input_bias[cell] + dot(g->input_weights + cell * p->input_size, input, p->input_size);
    const int32_t back = g->recurrent_bias[cell] + dot(g->recurrent_weights + cell * p->outputs, hidden, p->outputs);
    const int32_t first = sdk_saturate16(sdk_requantize(in, g->input_multiplier, g->input_shift));
    const int32_t both = sdk_saturate16(sdk_requantize(back, g->recurrent_multiplier, g->recurrent_shift) + first);
    if (g->peephole == NULL) {
        return both;
    }
    return sdk_saturate16(sdk_requantize(g->peephole[cell] * state, g->peephole_multiplier, g->peephole_shift) + both);
}

static void step(const sdk_lstm_s8 *p, const int8_t *input, int8_t *hidden, int16_t *cell, int16_t *gates)
{
    /* All gates see the old hidden state: the new cells' outputs wait in scratch. */
    for (int32_t c = 0; c < p->cells; c++) {
        const bool coupled = p->input_gate.input_weights == NULL;
        const int32_t forget = sdk_sigmoid16(argument(p, &p->forget_gate, input, hidden, c, cell[c]));
        const int32_t in =
            coupled ? INT16_MAX - forget : sdk_sigmoid16(argument(p, &p->input_gate, input, hidden, c, cell[c]));
        const int32_t candidate = sdk_tanh16(argument(p, &p->cell_gate, input, hidden, c, 0), 3);
        const int32_t kept = sdk_rounding_shift_right(forget * cell[c], 15);
        const int32_t added = sdk_rounding_shift_right(in * candidate, 15 + p->cell_bits);
        const int32_t value = sdk_saturate16(kept + added);
        cell[c] = (int16_t)(p->cell_clip > 0 ? sdk_clamp(value, -p->cell_clip, p->cell_clip) : value);
        gates[c] = (int16_t)sdk_sigmoid16(argument(p, &p->output_gate, input, hidden, c, cell[c]));
    }
    const sdk_lstm_projection *const last = &p->projection;
    int8_t *const outputs = last->weights == NULL ? hidden : (int8_t *)(gates + p->cells);
    for (int32_t c = 0; c < p->cells; c++) {
        const int32_t product = gates[c] * sdk_tanh16(cell[c], p->cell_bits);
        outputs[c] = sdk_requantize_s8(product, p->hidden_multiplier, p->hidden_shift, p->hidden_offset, INT8_MIN,
                                       INT8_MAX);
    }
    for (int32_t i = 0; i < p->outputs && last->weights != NULL; i++) {
        const int32_t sum = last->bias[i] + dot(last->weights + i * p->cells, outputs, p->cells);
        const int32_t most = last->clip > 0 ? last->clip : INT8_MAX;
        const int32_t least = last->clip > 0 ? -last->clip : INT8_MIN;
        hidden[i] = sdk_requantize_s8(sum, last->multiplier, last->shift, last->offset, least, most);
    }
}

void sdk_lstm_s8__ref(const sdk_lstm_s8 *params, const int8_t *input, int8_t *hidden, int16_t *cell, int8_t *output,
                      void *scratch, sdk_range range)
{
    (void)range;
    const sdk_lstm_s8 *const p = params;
    for (int32_t b = 0; b < p->batches; b++, hidden += p->outputs, cell += p->cells) {
        for (int32_t t = 0; t < p->times; t++) {
            const int32_t place = b * p->batch_stride + t * p->time_stride;
            step(p, input + place * p->input_size, hidden, cell, scratch);
            for (int32_t i = 0; i < p->outputs; i++) {
                output[place * p->outputs + i] = hidden[i];
            }
        }
    }
}
