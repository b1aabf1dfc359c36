/*
 * What a malloc costs beside many live blocks; implicit-cost.py starts it on each allocator:
 *
 *   replace BLOCKS WARM BATCH BATCHES
 *
 * makes BLOCKS objects of 16 to 512 bytes. A replacement frees one of them and makes another, both chosen at
 * random, always the same way. After WARM replacements, BATCHES times BATCH of them are measured. Prints
 * the blocks that a search passed over, per replacement ("-" where the allocator does not tell), then the
 * nanoseconds of the thread's CPU time per replacement, one line for each batch.
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "rng.h"
#include "statistics.h"

#define BATCHES_MOST 1000u
#define ROOM         1000u /* for the statistics of one arena */

static void **objects;
static size_t n_objects;
static struct rng rng;

static void *object(void)
{
    size_t bytes = 16 + rng_below(&rng, 497);
    char *p = malloc(bytes);
    if (!p) {
        perror("replace: malloc");
        exit(1);
    }
    *p = 1;
    return p;
}

static void replace(uint64_t times)
{
    for (; times > 0; times--) {
        void **at = &objects[rng_below(&rng, n_objects)];
        free(*at);
        *at = object();
    }
}

/* False where the allocator has no such number. */
static bool search_steps(uint64_t *out)
{
    static struct statistic rows[ROOM];
    statistics_function *tell = (statistics_function *)dlsym(RTLD_DEFAULT, STATISTICS_FUNCTION);
    size_t n = tell ? tell(rows, ROOM) : 0;
    for (size_t i = 0; i < n && i < ROOM; i++) {
        if (rows[i].kind == STATISTIC_ARENA && strcmp(rows[i].name, "search_steps") == 0) {
            *out = rows[i].value;
            return true;
        }
    }
    return false;
}

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
    static double ns[BATCHES_MOST];
    if (argc != 5)
        return 2;
    n_objects = strtoul(argv[1], NULL, 10);
    uint64_t warm = strtoull(argv[2], NULL, 10), batch = strtoull(argv[3], NULL, 10);
    size_t batches = strtoul(argv[4], NULL, 10);
    if (n_objects == 0 || batch == 0 || batches == 0 || batches > BATCHES_MOST)
        return 2;
    objects = mmap(NULL, n_objects * sizeof(*objects), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (objects == MAP_FAILED) {
        perror("replace: mmap");
        return 1;
    }
    rng_seed(&rng, 1);
    for (size_t i = 0; i < n_objects; i++)
        objects[i] = object();
    replace(warm);
    uint64_t before = 0, after = 0;
    bool tells = search_steps(&before);
    for (size_t i = 0; i < batches; i++) {
        double start = cpu_ns();
        replace(batch);
        ns[i] = (cpu_ns() - start) / (double)batch;
    }
    if (tells && search_steps(&after))
        printf("%.3f\n", (double)(after - before) / ((double)batch * (double)batches));
    else
        puts("-");
    for (size_t i = 0; i < batches; i++)
        printf("%.3f\n", ns[i]);
    return 0;
}
