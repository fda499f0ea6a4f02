/* UNIDIRECTIONAL_SEQUENCE_LSTM of int8 with an int16 cell state. */
#ifndef SDK_LSTM_H
#define SDK_LSTM_H

#include "sdk/kernel.h"

/* What makes one gate's argument in Q3.12 from the input, the last output and, through a peephole, the cell. */
typedef struct {
    const int8_t *input_weights;     /* [cells, input_size] */
    const int8_t *recurrent_weights; /* [cells, outputs] */
    const int16_t *peephole;         /* [cells]; NULL: none */
    const int32_t *input_bias;       /* [cells], the input's zero point included */
    const int32_t *recurrent_bias;
    int32_t input_multiplier; /* Q0.31, with shifts -31 .. 30, positive to the left */
    int32_t input_shift;
    int32_t recurrent_multiplier;
    int32_t recurrent_shift;
    int32_t peephole_multiplier;
    int32_t peephole_shift;
} sdk_lstm_gate;

/* What makes the outputs from the cells' outputs. */
typedef struct {
    const int8_t *weights; /* [outputs, cells]; NULL: the cells' outputs are the outputs */
    const int32_t *bias;   /* [outputs], the cells' zero point included */
    int32_t multiplier;
    int32_t shift;
    int32_t offset;
    int32_t clip; /* largest magnitude, 0: none */
} sdk_lstm_projection;

/*
 * Shapes: input [batches, times, input_size] or [times, batches, input_size], output with outputs in the place of
 * input_size, hidden [batches, outputs], cell [batches, cells]. An input gate without input weights is coupled to the
 * forget gate: what is forgotten is let in.
 */
typedef struct {
    int32_t batches;
    int32_t times;
    int32_t input_size;
    int32_t cells;
    int32_t outputs;
    int32_t batch_stride; /* steps of the sequence from one batch to the next: times, or 1 when times come first */
    int32_t time_stride;
    int32_t cell_bits; /* integer bits of the cell state, 0 .. 4 */
    int32_t cell_clip; /* largest magnitude, 0: none */
    int32_t hidden_multiplier;
    int32_t hidden_shift;
    int32_t hidden_offset;
    sdk_lstm_gate input_gate;
    sdk_lstm_gate forget_gate;
    sdk_lstm_gate cell_gate;
    sdk_lstm_gate output_gate;
    sdk_lstm_projection projection;
} sdk_lstm_s8;

/*
 * The whole sequence. hidden (the last output) and cell are read and changed. scratch: cells int16, then with
 * a projection cells int8.
 * Source: LstmStepInteger8x8_16 in tensorflow/lite/kernels/lstm_eval.cc.
 */
void sdk_lstm_s8__ref(const sdk_lstm_s8 *params, const int8_t *input, int8_t *hidden, int16_t *cell, int8_t *output,
                      void *scratch, sdk_range range);

#endif
