/*
 * What a run stores of the machine: its facts, its topology, and the warnings that follow from
 * them.
 */
#pragma once

#include "facts.h"
#include "store.h"
#include "topology.h"
#include "warnings.h"

/* Keys of warnings in the store begin with this; the fact that they warn of follows. */
#define RUN_FACT_WARNING "warning_"

/* The size classes that plans were aimed at: size_classes.h. */
#define RUN_FACT_CLASSES "size_classes"

#define RUN_FACTS_MORE 1 /* for the caller to add */
#define RUN_FACTS_MAX  (MACHINE_FACTS_MAX + MACHINE_WARNINGS_MAX + 4 + RUN_FACTS_MORE)

/* `facts` points into the rest: neither copy nor move it. About 20 KiB. */
struct run_facts {
    struct store_fact facts[RUN_FACTS_MAX];
    uint32_t n;
    struct machine_facts machine;
    struct machine_warning warnings[MACHINE_WARNINGS_MAX];
    char warning_keys[MACHINE_WARNINGS_MAX][64];
    char summary[512], topology[512], chosen[16];
};

/* Adds what is no fact of the machine; both texts live as long as *f. RUN_FACTS_MORE times at most. */
void run_facts_add(struct run_facts *f, const char *key, const char *value);

void run_facts_read(struct run_facts *out, const struct topology *topology);
