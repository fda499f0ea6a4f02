#include "sdk/split.h"

#include "sdk/port.h"

struct job {
    sdk_part part;
    uint8_t *arena;
    sdk_range range;
};

static void second_core(void *context)
{
    const struct job *job = context;
    job->part(job->arena, 1, job->range);
}

void sdk_split(sdk_part part, uint8_t *arena, int32_t cut, int32_t units)
{
    /* On this stack until the join: the port's start and join order all memory accesses of the two cores. */
    struct job job = {part, arena, {cut, units}};
    const int started = port_core1_start(second_core, &job);
    part(arena, 0, (sdk_range){0, cut});
    if (started == 0) {
        port_core1_join();
    } else {
        part(arena, 1, job.range);
    }
}
