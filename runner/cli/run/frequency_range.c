#include "frequency_range.h"

#include <stdio.h>
#include <string.h>

#include "cpu_frequency.h"
#include "findings.h"
#include "text.h"

void frequency_range_init(struct frequency_range *range, const struct store_run *run)
{
    *range = (struct frequency_range){0};
    for (uint32_t i = 0; i < run->n_facts; i++) {
        const struct store_fact *fact = &run->facts[i];
        if (strcmp(fact->key, FACT_CPU_MHZ_LEAST) == 0)
            sscanf(fact->value, "%lu", &range->least_mhz);
        if (strcmp(fact->key, FACT_CPU_MHZ_MOST) == 0)
            sscanf(fact->value, "%lu", &range->most_mhz);
    }
}

static int put(struct store *store, int64_t run_id, const char *key, uint64_t mhz, uint32_t block,
               struct err *err)
{
    char value[64];
    text_format(value, sizeof(value), "%lu (block %u)", mhz, block + 1);
    const struct store_fact fact = {.key = key, .value = value};
    return store_add_fact(store, run_id, &fact, err);
}

int frequency_range_note(struct frequency_range *range, struct store *store, int64_t run_id,
                         uint32_t block, struct err *err)
{
    struct err unknown;
    uint64_t khz;
    int rc = 0;
    if (machine_cpu_khz("/", &khz, &unknown) < 0)
        return 0;
    uint64_t mhz = khz / 1000;
    if (range->least_mhz == 0 || mhz < range->least_mhz) {
        range->least_mhz = mhz;
        rc = put(store, run_id, FACT_CPU_MHZ_LEAST, mhz, block, err);
    }
    if (rc == 0 && mhz > range->most_mhz) {
        range->most_mhz = mhz;
        rc = put(store, run_id, FACT_CPU_MHZ_MOST, mhz, block, err);
    }
    return rc;
}
