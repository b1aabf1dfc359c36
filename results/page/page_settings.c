/* What each subject really was: the file that supplied malloc, its environment, and the settings that held. */
#include <math.h>

#include "page_parts.h"
#include "tally.h"

struct walk {
    struct page *page;
    json_t *subjects; /* an object each, empty until a trial ended well */
};

static int add_proof(void *context, const struct store_trial *t, struct err *err)
{
    (void)err;
    struct walk *w = context;
    json_t *o = json_array_get(w->subjects, t->place.subject);
    if (!o || t->result.status != TRIAL_OK || json_object_size(o) > 0)
        return 0;
    page_put(w->page, o, "path", part_text(t->result.malloc_path));
    page_put(w->page, o, "build_id", part_text(t->result.build_id));
    page_put(w->page, o, "version", part_text(t->result.version));
    page_put(w->page, o, "environment", part_text(t->result.environment));
    return 0;
}

/* One setting of a subject, over its cells. */
struct held {
    uint32_t subject;
    const char *name;
    struct tally_range range;
};

static int widen(struct held *h, const struct tally *t, uint32_t cell, struct err *err)
{
    struct tally_range here;
    const struct tally_line *line =
        tally_find(tally_entry(t, cell, h->subject), STATISTIC_SETTING, h->name);
    int rc = line ? tally_range(line, TALLY_SUM, &here, err) : 0;
    if (rc < 0 || !line)
        return rc;
    if (here.least < h->range.least)
        h->range.least = here.least;
    if (here.greatest > h->range.greatest)
        h->range.greatest = here.greatest;
    return 0;
}

/* The settings that the subject told in its first cell, each with its range over all cells. */
static int add_settings(struct page *p, const struct tally *t, uint32_t subject, json_t *rows,
                        struct err *err)
{
    int rc = 0;
    uint32_t first = 0;
    while (first < t->n_cells && tally_entry(t, first, subject)->n_lines == 0)
        first++;
    if (first == t->n_cells)
        return 0;
    const struct tally_entry *e = tally_entry(t, first, subject);
    for (size_t i = 0; i < e->n_lines && rc == 0; i++) {
        if (e->lines[i].kind != STATISTIC_SETTING)
            continue;
        struct held held = {subject, e->lines[i].name, {.least = INFINITY}};
        for (uint32_t c = first; c < t->n_cells && rc == 0; c++)
            rc = widen(&held, t, c, err);
        json_t *row = json_array();
        page_append(p, row, part_text(held.name));
        page_append(p, row, part_number(held.range.least));
        page_append(p, row, part_number(held.range.greatest));
        page_append(p, rows, row);
    }
    return rc;
}

int page_add_settings(struct page *p, struct err *err)
{
    struct walk w = {.page = p, .subjects = json_array()};
    struct tally tally;
    for (uint32_t i = 0; i < p->s->run.n_subjects; i++)
        page_append(p, w.subjects, json_object());
    int rc = store_each_trial(p->store, p->s->run.id, add_proof, &w, err);
    if (rc == 0) {
        rc = tally_read(&tally, p->store, p->s, err);
        for (uint32_t i = 0; i < p->s->run.n_subjects && rc == 0; i++) {
            json_t *rows = json_array();
            rc = add_settings(p, &tally, i, rows, err);
            page_put(p, json_array_get(w.subjects, i), "settings", rows);
        }
        tally_release(&tally);
    }
    page_put(p, p->root, "proof", w.subjects);
    return rc;
}
