#include "plan.h"

#include <errno.h>
#include <string.h>

unsigned plan_kind_calls(enum plan_kind kind)
{
    switch (kind) {
    case PLAN_MALLOC:
    case PLAN_FREE:
    case PLAN_CALLOC:
    case PLAN_REALLOC:
    case PLAN_REALLOC_NULL:
    case PLAN_ALIGNED:
        return 1;
    case PLAN_REPLACE:
        return 2;
    default:
        return 0;
    }
}

static int check_header(const struct plan *p, size_t n_bytes, struct err *err)
{
    if (n_bytes < sizeof(*p) || p->magic != PLAN_MAGIC)
        return err_set(err, EINVAL, "not a plan");
    if (p->version != PLAN_VERSION)
        return err_set(err, EINVAL,
                       "plan of version %u; this program reads version %u: make it again",
                       p->version, PLAN_VERSION);
    if (p->n_bytes != n_bytes)
        return err_set(err, EINVAL, "plan cut off: %zu of %lu bytes", n_bytes, p->n_bytes);
    if (memchr(p->name, '\0', sizeof(p->name)) == NULL)
        return err_set(err, EINVAL, "plan without an end of its name");
    return 0;
}

/* Whether `n` items of `size` bytes from `offset` on lie inside `n_bytes`. */
static bool lies_inside(uint64_t offset, uint64_t n, uint64_t size, uint64_t n_bytes)
{
    return offset % 64 == 0 && offset <= n_bytes && n <= (n_bytes - offset) / size;
}

static int check_thread(const struct plan *p, uint32_t t, struct err *err)
{
    const struct plan_thread *th = &plan_threads(p)[t];
    if (th->n_ops == 0 || th->first_op > p->n_ops || th->n_ops > p->n_ops - th->first_op)
        return err_set(err, EINVAL, "plan: operations of thread %u lie outside the plan", t);
    if (th->loop_begin > th->loop_end || th->loop_end >= th->n_ops)
        return err_set(err, EINVAL, "plan: body of thread %u lies outside its operations", t);
    if (th->loop_begin < th->loop_end && !(th->flags & PLAN_ROOT))
        return err_set(err, EINVAL, "plan: thread %u has a body but is no root", t);
    if (th->n_slots > PLAN_SLOT_MAX || th->n_slots > th->n_ops)
        return err_set(err, EINVAL, "plan: thread %u has more slots than it can use: %u", t,
                       th->n_slots);
    if (plan_op_kind(plan_thread_ops(p, t)[th->n_ops - 1]) != PLAN_END)
        return err_set(err, EINVAL, "plan: thread %u does not end with END", t);
    return 0;
}

int plan_check_layout(const struct plan *p, size_t n_bytes, struct err *err)
{
    int rc = check_header(p, n_bytes, err);
    if (rc < 0)
        return rc;
    uint64_t table_end = p->threads_offset + p->n_threads * sizeof(struct plan_thread);
    if (p->n_threads == 0 || p->threads_offset < sizeof(*p) || p->ops_offset < table_end ||
        !lies_inside(p->threads_offset, p->n_threads, sizeof(struct plan_thread), n_bytes) ||
        !lies_inside(p->ops_offset, p->n_ops, sizeof(struct plan_op), n_bytes))
        return err_set(err, EINVAL, "plan: tables lie outside the file");
    if (p->n_cells / 16 > p->n_ops) /* cells of different threads may lie apart */
        return err_set(err, EINVAL, "plan: more cells than can be used: %u", p->n_cells);
    for (uint32_t t = 0; t < p->n_threads; t++) {
        rc = check_thread(p, t, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}
