/* Where the memory went, for programs. */
#include "json_parts.h"
#include "memory.h"

static json_t *make_entry(struct json *j, const struct memory *m, uint32_t cell, uint32_t subject)
{
    const struct memory_entry *e = memory_entry(m, cell, subject);
    char words[TAIL_WORDS_BYTES];
    bool has_tail = e->is_surveyed && e->survey_status == TRIAL_OK;
    json_t *o = json_object();
    part_put(j, o, "cell", json_integer(cell));
    part_put(j, o, "subject", json_integer(subject));
    for (unsigned f = 0; f < MEMORY_FIGURES; f++)
        part_put(j, o, memory_figure_name((enum memory_figure)f), part_number(e->figures[f]));
    part_put(j, o, "is_by_marks", json_boolean(m->is_vague[cell]));
    part_put(j, o, "tail",
             has_tail ? part_text(tail_words(&e->tail, e->purge, words)) : json_null());
    return o;
}

int json_put_memory(struct json *j, json_t *root, struct err *err)
{
    struct memory m;
    json_t *array = json_array();
    int rc = memory_make(j->store, j->s, &m, err);
    for (uint32_t c = 0; rc == 0 && c < m.n_cells; c++)
        for (uint32_t i = 0; i < m.n_subjects; i++)
            part_append(j, array, make_entry(j, &m, c, i));
    part_put(j, root, "memory", array);
    memory_release(&m);
    return rc;
}
