#include "sdk/pairs_m0.h"

void sdk_pairs_written__m0(const void *weights, const uint32_t *words, void *sums, const sdk_pairs_walk *walk, void *code,
                           int32_t runs, int32_t run)
{
    const int32_t fill = run % 2;
    sdk_pairs_walk filled = *walk;
    filled.run_step -= fill * (int32_t)sizeof(uint32_t);
    filled.column_step -= fill * (int32_t)sizeof(uint32_t);
    sdk_pairs_write__m0(code, weights, runs, run + fill);
    sdk_pairs_run__m0(words, sums, &filled, code);
}

void sdk_pairs_called__m0(const void *weights, const uint32_t *words, void *sums, const sdk_pairs_walk *walk, void *code,
                          int32_t runs, int32_t run)
{
    (void)code;
    (void)runs;
    (void)run;
    sdk_pairs_call__m0(words, sums, walk, weights);
}

void sdk_pairs_narrow__m0(const void *weights, const uint32_t *words, void *sums, const sdk_pairs_walk *walk, void *code,
                          int32_t runs, int32_t run)
{
    sdk_pairs_write_narrow__m0(code, weights, runs, run);
    sdk_pairs_call_narrow__m0(words, sums, walk, code);
}

void sdk_pairs_called_narrow__m0(const void *weights, const uint32_t *words, void *sums, const sdk_pairs_walk *walk,
                                 void *code, int32_t runs, int32_t run)
{
    (void)code;
    (void)runs;
    (void)run;
    sdk_pairs_call_narrow__m0(words, sums, walk, weights);
}
