/* fork in a process whose threads allocate all the time; the child allocates, in a thread too. */
#include "contract.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

enum { THREADS = 4, FORKS = 40, BLOCKS = 200, CHILD_LIMIT_S = 10 };

static atomic_bool over;
static void *kept[BLOCKS]; /* made before all forks */

static void *allocate(void *argument)
{
    for (size_t i = 0; !atomic_load(&over); i++) {
        size_t bytes = 200 + (i * 37 + (uintptr_t)argument) % 3000;
        void *p = contract_malloc(bytes), *q = hidden(realloc(contract_malloc(10), bytes));
        free(p);
        free(q);
    }
    return NULL;
}

static void *use(void *argument)
{
    void *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = contract_malloc(1 + i * 20);
        contract_fill(blocks[i], 1 + i * 20, i);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        contract_check(blocks[i], 1 + i * 20, i, "in a forked child");
        free(blocks[i]);
    }
    return argument;
}

static _Noreturn void be_child(void)
{
    use(NULL);
    for (size_t i = 0; i < BLOCKS; i++) {
        contract_check(kept[i], i + 1, i, "by fork, in the child");
        free(kept[i]);
    }
    contract_join(contract_thread(use, NULL));
    _exit(0);
}

static void wait_for(pid_t child, unsigned n)
{
    static const struct timespec pause = {.tv_nsec = 200000};
    uint64_t until = clock_ns() + CHILD_LIMIT_S * NS_PER_S;
    int status;
    while (waitpid(child, &status, WNOHANG) == 0) {
        if (clock_ns() > until) {
            kill(child, SIGKILL);
            contract_fail("the child of fork %u did not end within %d seconds", n, CHILD_LIMIT_S);
        }
        nanosleep(&pause, NULL);
    }
    if (WIFSIGNALED(status))
        contract_fail("the child of fork %u was ended by signal %d (%s)", n, WTERMSIG(status),
                      sigdescr_np(WTERMSIG(status)));
    if (WEXITSTATUS(status) != 0)
        _exit(WEXITSTATUS(status)); /* it has told why */
}

void clause(void)
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < BLOCKS; i++)
        contract_fill(kept[i] = contract_malloc(i + 1), i + 1, i);
    for (uintptr_t t = 0; t < THREADS; t++)
        threads[t] = contract_thread(allocate, (void *)t);
    for (unsigned n = 1; n <= FORKS; n++) {
        pid_t child = fork();
        if (child < 0)
            contract_skip("cannot fork: %s", strerrordesc_np(errno));
        if (child == 0)
            be_child();
        wait_for(child, n);
        use(NULL);
    }
    atomic_store(&over, true);
    for (unsigned t = 0; t < THREADS; t++)
        contract_join(threads[t]);
}
