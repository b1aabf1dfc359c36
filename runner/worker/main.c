/*
 * The worker: one process, one allocator, one trial. Finds the plan and the control block open as
 * files, takes all memory of its own by mmap, and executes the plan when the runner says so.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "count.h"
#include "effect.h"
#include "images.h"
#include "lane.h"
#include "observe.h"
#include "os.h"
#include "own.h"
#include "stack.h"
#include "surveyor.h"
#include "tell.h"
#include "text.h"
#include "usage.h"

/* Before there is a control block there is only stderr. */
static _Noreturn void die(const char *what)
{
    char line[ERR_BYTES];
    size_t n = text_format(line, sizeof(line),
                           "worker: %s: started by hand? `arenabench run` starts it\n", what);
    ssize_t written = write(STDERR_FILENO, line, n);
    (void)written;
    _exit(WORKER_EXIT_FAILED);
}

void worker_fail(struct lane *lane, enum control_failure failure, const struct plan_op *op,
                 const char *format, ...)
{
    static _Atomic uint32_t failed;
    struct control *c = lane->worker->control;
    if (atomic_exchange(&failed, 1) == 0) { /* the first failure is the one to tell */
        va_list args;
        va_start(args, format);
        text_vformat(c->message, sizeof(c->message), format, args);
        va_end(args);
        c->failed_thread = lane->index;
        c->failed_op = lane->first + (uint64_t)(op - lane->ops);
        c->failure = failure;
        _exit(WORKER_EXIT_FAILED);
    }
    for (;;)
        pause();
}

static size_t file_bytes(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 ? (size_t)st.st_size : 0;
}

/* 64 KiB per lane of a streamed plan, less where there are thousands: 256 MiB in all. */
static uint32_t window_words(uint32_t n_threads)
{
    uint64_t share = 256 * MIB / sizeof(struct plan_op) / n_threads;
    return share > PLAN_WINDOW_WORDS ? PLAN_WINDOW_WORDS : share < 512 ? 512 : (uint32_t)share;
}

static void open_plan(struct worker *w)
{
    struct err err;
    size_t n = file_bytes(CONTROL_FD_PLAN);
    const struct plan *all = n ? os_map_file(CONTROL_FD_PLAN, n, OS_READ, OS_PLAIN) : NULL;
    if (!all)
        die("no plan to execute");
    if (plan_check_layout(all, n, &err) < 0)
        die(err.text);
    bool streamed = all->flags & PLAN_STREAMED;
    size_t mapped = streamed ? all->ops_offset : n; /* the tables are always at hand */
    os_unmap((void *)all, n);
    w->plan = os_map_file(CONTROL_FD_PLAN, mapped, OS_READ, OS_POPULATE);
    if (!w->plan)
        die("no plan to execute");
    if (streamed)
        w->window_words = window_words(w->plan->n_threads);
}

static void open_control(struct worker *w)
{
    size_t n = file_bytes(CONTROL_FD_CONTROL);
    w->control = n >= sizeof(*w->control)
                     ? os_map_file(CONTROL_FD_CONTROL, n, OS_READ_WRITE, OS_POPULATE)
                     : NULL;
    if (!w->control || w->control->magic != CONTROL_MAGIC ||
        w->control->version != CONTROL_VERSION || w->control->n_bytes != n ||
        w->control->touch >= TOUCH_KINDS || w->control->n_threads != w->plan->n_threads)
        die("no control block for this plan");
}

/* Not faulted in: nothing touches it before all has been measured. */
static struct statistics_block *open_statistics(void)
{
    struct statistics_block *block =
        file_bytes(CONTROL_FD_STATISTICS) == sizeof(*block)
            ? os_map_file(CONTROL_FD_STATISTICS, sizeof(*block), OS_READ_WRITE, OS_PLAIN)
            : NULL;
    if (!block || block->magic != STATISTICS_MAGIC || block->version != STATISTICS_VERSION)
        die("no room for statistics");
    return block;
}

/* NULL unless there is to be a survey. */
static struct survey_block *open_survey(const struct control *c)
{
    struct survey_block *block =
        c->survey && file_bytes(CONTROL_FD_SURVEY) == sizeof(*block)
            ? os_map_file(CONTROL_FD_SURVEY, sizeof(*block), OS_READ_WRITE, OS_PLAIN)
            : NULL;
    if (c->survey &&
        (!block || block->magic != SURVEY_MAGIC || block->version != SURVEY_BLOCK_VERSION))
        die("no room for a survey");
    return block;
}

/* What a survey must not take for memory of the allocator. */
static void note_own(const struct worker *w, const void *p, size_t bytes)
{
    if (w->control->survey && !own_note(p, bytes))
        die("too many mappings for a survey");
}

/* Memory of the worker's own: faulted in, so that the trial pays for none of it. */
static void *own_memory(const struct worker *w, size_t bytes)
{
    bytes = bytes ? bytes : 1;
    void *p = w->control->survey ? own_map(bytes, true) : os_map(bytes, OS_POPULATE);
    if (!p)
        die("not enough memory for the worker itself");
    return p;
}

/* Slots of one lane, apart from every other's. */
static void **make_slots(const struct lane *lane)
{
    return own_memory(lane->worker,
                      round_up(lane->plan->n_slots * sizeof(void *), NO_SHARING_BYTES));
}

/* What a root touches all the time is made by a thread that runs where the root will run. */
static void furnish_root(struct lane *lane, char *stack, bool move)
{
    if (move)
        lane_go_to_place(lane);
    lane->slots = make_slots(lane);
    lane->stack = stack;
    stack_warm(stack);
}

static void make_lanes(struct worker *w)
{
    const struct plan *plan = w->plan;
    char *root_stacks = stack_make(plan->n_roots);
    /* On several nodes a thread warms its stack itself: nobody knows yet where it will run. */
    bool one_node = w->control->n_nodes <= 1;
    w->stacks = stack_pool_make(plan->n_threads - plan->n_roots, one_node ? plan->n_seats : 0);
    if (!root_stacks || !w->stacks)
        die("not enough memory for the threads' stacks");
    note_own(w, root_stacks, plan->n_roots * STACK_BYTES);
    struct stack_memory pool[2];
    stack_pool_memory(w->stacks, pool);
    for (size_t i = 0; i < ARRAY_SIZE(pool); i++)
        note_own(w, pool[i].p, pool[i].bytes);

    struct plan_op *windows =
        w->window_words
            ? own_memory(w, (size_t)w->window_words * plan->n_threads * sizeof(*windows))
            : NULL;
    for (uint32_t t = 0; t < plan->n_threads; t++) {
        struct lane *lane = &w->lanes[t];
        struct control_thread *control = &w->control->threads[t];
        *lane = (struct lane){
            .worker = w,
            .plan = &plan_threads(plan)[t],
            .window = windows ? windows + (size_t)w->window_words * t : NULL,
            .control = control,
            .wait = {.spin = w->control->spin, .stall_ns = &control->stall_ns},
            .index = t,
        };
        lane->ops = lane->window ? lane->window : plan_thread_ops(plan, t);
        if (plan->flags & PLAN_PACE_ORDER)
            lane->wait.lane = lane;
        if (lane->plan->flags & PLAN_ROOT) {
            furnish_root(lane, root_stacks, !one_node);
            root_stacks += STACK_BYTES;
        } else {
            lane->slots = make_slots(lane);
        }
    }
    if (!one_node)
        syscall(SYS_sched_setaffinity, 0, sizeof(w->control->cpus), w->control->cpus);
}

static void make_worker(struct worker *w, struct survey_block *survey)
{
    w->lanes = own_memory(w, w->plan->n_threads * sizeof(*w->lanes));
    w->groups = own_memory(w, w->plan->n_threads * sizeof(*w->groups));
    w->cells = own_memory(w, w->plan->n_cells * sizeof(*w->cells));
    make_lanes(w);
    size_t pace = pace_bytes(w);
    pace_init(w, pace ? own_memory(w, pace) : NULL);
    for (uint32_t t = 0; t < w->plan->n_threads; t++)
        if (w->lanes[t].plan->flags & PLAN_ROOT)
            pace_begin(&w->lanes[t], NULL);
    if (survey && !surveyor_make(w, survey))
        die("not enough memory for a survey");
    images_populate();
}

/* The addresses that the loop's calls lead to. */
static void read_family(struct control *c)
{
    c->family[FAMILY_MALLOC] = (uint64_t)malloc;
    c->family[FAMILY_FREE] = (uint64_t)free;
    c->family[FAMILY_CALLOC] = (uint64_t)calloc;
    c->family[FAMILY_REALLOC] = (uint64_t)realloc;
    c->family[FAMILY_ALIGNED] = (uint64_t)posix_memalign;
}

/* The lane that runs on the process's main thread, or NULL. */
static struct lane *lane_on_main(struct worker *w)
{
    for (uint32_t t = 0; t < w->plan->n_threads; t++)
        if (w->lanes[t].plan->flags & PLAN_ROOT)
            return w->plan->flags & PLAN_OFF_MAIN ? NULL : &w->lanes[t];
    return NULL;
}

static void start_roots(struct worker *w, const struct lane *on_main)
{
    for (uint32_t t = 0; t < w->plan->n_threads; t++) {
        struct lane *lane = &w->lanes[t];
        if (lane == on_main)
            atomic_store(&lane->control->tid, (uint32_t)gettid());
        else if (lane->plan->flags & PLAN_ROOT)
            lane_spawn_root(lane);
    }
    for (uint32_t t = 0; t < w->plan->n_threads; t++)
        while ((w->lanes[t].plan->flags & PLAN_ROOT) && atomic_load(&w->lanes[t].control->tid) == 0)
            usleep(50);
}

static void execute(struct worker *w)
{
    struct control *c = w->control;
    struct lane *on_main = lane_on_main(w);
    start_roots(w, on_main);
    control_set_state(c, CONTROL_READY);
    control_wait_state(c, CONTROL_GO, UINT64_MAX);

    usage_read(&c->at_go);
    if (on_main)
        lane_live_root(on_main);
    if (w->observer)
        observer_await_roots(w);
    for (uint32_t t = 0; t < w->plan->n_threads; t++)
        if (&w->lanes[t] != on_main && (w->lanes[t].plan->flags & PLAN_ROOT))
            lane_join_root(&w->lanes[t]);
    usage_read(&c->at_end);
    counters_end(c);
    for (uint32_t t = 0; t < w->plan->n_threads; t++)
        if (c->threads[t].end_ns > c->end_ns)
            c->end_ns = c->threads[t].end_ns;
}

int main(int argc, char **argv)
{
    static struct worker w;
    if (argc > 1 && strcmp(argv[1], EFFECT_WORD) == 0)
        effect_main(argc, argv);
    open_plan(&w);
    open_control(&w);
    struct statistics_block *statistics = open_statistics();
    read_family(w.control);
    make_worker(&w, open_survey(w.control));
    execute(&w);
    if (w.observer)
        surveyor_drained(&w);
    control_set_state(w.control, CONTROL_DONE);
    if (w.observer)
        surveyor_tail(&w);
    control_wait_state(w.control, CONTROL_LEAVE, UINT64_MAX);
    allocator_version(w.control->version_text, sizeof(w.control->version_text));
    tell_statistics(statistics);
    _exit(0);
}
