#include "run_facts.h"

#include "counters.h"
#include "report_counters.h"
#include "text.h"

void run_facts_add(struct run_facts *f, const char *key, const char *value)
{
    f->facts[f->n++] = (struct store_fact){.key = key, .value = value};
}

static const char *known(const struct run_facts *f, const char *key)
{
    const char *value = machine_fact(&f->machine, key);
    return value ? value : "unknown";
}

/* The line that stands above a table. */
static void sum_up(struct run_facts *f)
{
    text_format(f->summary, sizeof(f->summary),
                "%s, %s CPUs, Linux %s, %s, transparent huge pages: %s", known(f, "cpu_model"),
                known(f, "cpus_online"), known(f, "kernel_release"), known(f, "libc_version"),
                known(f, "thp_enabled"));
}

void run_facts_read(struct run_facts *out, const struct topology *topology)
{
    out->n = 0;
    machine_facts_read("/", &out->machine);
    for (size_t i = 0; i < out->machine.n; i++)
        run_facts_add(out, out->machine.facts[i].key, out->machine.facts[i].value);

    size_t n = machine_warnings(&out->machine, out->warnings);
    for (size_t i = 0; i < n; i++) {
        text_format(out->warning_keys[i], sizeof(out->warning_keys[i]), RUN_FACT_WARNING "%s",
                    out->warnings[i].key);
        run_facts_add(out, out->warning_keys[i], out->warnings[i].text);
    }
    sum_up(out);
    run_facts_add(out, "machine", out->summary);
    topology_summary(topology, out->topology, sizeof(out->topology));
    run_facts_add(out, "topology", out->topology);
    text_format(out->chosen, sizeof(out->chosen), "%u", topology_n_cpus(topology));
    run_facts_add(out, "cpus_chosen", out->chosen);
    run_facts_add(out, REPORT_COUNTERS_FACT, counters_of_machine()->fact);
}
