#include "shape_params.h"

#include <assert.h>
#include <string.h>

#include "generate.h"
#include "shape.h"

/*
 * A pass is to take some milliseconds. Small objects cost their calls; of large ones every page may be
 * a fault, so that a pass asks for no more than so many bytes.
 */
#define OPS_MOST   200000u
#define OPS_LEAST  200u
#define PASS_BYTES (128 * MIB)

static const struct param rows[] = {
    [SHAPE_HEAP] = {"heap", PARAM_BYTES, SHAPE_HEAP_PRESET, 1, SHAPE_BYTES_MAX,
                    "live bytes of all threads together; default: the table's own, 64M at most",
                    NULL},
    [SHAPE_REMOTE] = {"remote", PARAM_SHARE, 0, 0, PARAM_ONE,
                      "frees by another thread than the maker; one thread alone has none; default: "
                      "the table's own",
                      NULL},
    [SHAPE_OPS] = {"ops", PARAM_COUNT, OPS_MOST, 2, 20000000,
                   "calls of one thread in one pass; default: 200000, or as many as ask for 128M",
                   NULL},
    [SHAPE_MIN] = {"min", PARAM_BYTES, 0, 0, SHAPE_BYTES_MAX, "smaller sizes are left out", NULL},
    [SHAPE_MAX] = {"max", PARAM_BYTES, SHAPE_BYTES_MAX, 0, SHAPE_BYTES_MAX,
                   "greater sizes are left out", NULL},
    [SHAPE_RING] = {"ring", PARAM_COUNT, 1024, 1, 1000000,
                    "objects about at most between two threads", NULL},
    [SHAPE_FAN] = {"fan", PARAM_COUNT, 2, 1, 64,
                   "threads that free a thread's remote objects, as far as there are so many",
                   NULL},
    [SHAPE_MAIN] = GENERATE_MAIN_ROW,
};
static_assert(ARRAY_SIZE(rows) == SHAPE_PARAMS, "every parameter has a row");
static_assert(SHAPE_PARAMS < PARAMS_MAX, "and the table an end");

static uint64_t preset_ops(const struct shape_table *table)
{
    unsigned __int128 bytes = 0; /* requested in a unit of time */
    for (uint32_t i = 0; i < table->n_rows; i++)
        bytes += (unsigned __int128)table->rows[i].bytes * table->rows[i].rate;
    unsigned __int128 ops =
        bytes > 0 ? 2 * (unsigned __int128)PASS_BYTES * table->rate / bytes : OPS_MOST;
    ops -= ops % 100;
    return ops > OPS_MOST ? OPS_MOST : ops < OPS_LEAST ? OPS_LEAST : (uint64_t)ops;
}

void shape_preset(const struct shape_table *table, struct shape_spec *spec)
{
    *spec = (struct shape_spec){0};
    memcpy(spec->params, rows, sizeof(rows));
    if (table->live_bytes < SHAPE_HEAP_PRESET)
        spec->params[SHAPE_HEAP].preset = table->live_bytes;
    spec->params[SHAPE_REMOTE].preset = table->remote_millionth;
    spec->params[SHAPE_OPS].preset = preset_ops(table);
    params_preset(spec->params, spec->values);
}

int shape_parse(struct shape_spec *spec, const char *text, struct err *err)
{
    return params_parse(spec->params, text, strlen(text), spec->values, err);
}

void shape_format(const struct shape_spec *spec, char *out, size_t n)
{
    params_format(spec->params, spec->values, out, n);
}
