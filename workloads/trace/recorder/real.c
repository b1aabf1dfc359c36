#include "real.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "recorder.h"
#include "text.h"

struct real real;

_Alignas(4096) char real_scrap[REAL_SCRAP_BYTES];
static _Atomic size_t scrap_used;

void *real_scrap_alloc(size_t alignment, size_t bytes)
{
    if (alignment < 16)
        alignment = 16;
    if (!is_power_of_two(alignment) || alignment > 4096 || bytes > REAL_SCRAP_BYTES - 4096)
        return NULL;
    size_t room = bytes + alignment - 1;
    size_t begin = atomic_fetch_add(&scrap_used, room);
    if (begin > REAL_SCRAP_BYTES - room)
        return NULL;
    char *p = real_scrap + round_up(begin, alignment);
    _Atomic uint64_t *word = shadow_of((uintptr_t)p);
    if (!word)
        return NULL;
    atomic_store_explicit(word, WORD_SCRAP, memory_order_relaxed);
    return p;
}

size_t real_scrap_bound(const void *p)
{
    return REAL_SCRAP_BYTES - (size_t)((uintptr_t)p - (uintptr_t)real_scrap);
}

/* ISO C has no conversion from an object pointer to a function pointer; POSIX promises the bits. */
static void find(void *function, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(function, &found, sizeof(found));
}

/* Another library's would misread the objects of the allocator that has none. */
static void find_usable_size(void)
{
    void *address, *malloc_address;
    Dl_info info, malloc_info;
    find(&real.usable_size, "malloc_usable_size");
    memcpy(&address, &real.usable_size, sizeof(address));
    memcpy(&malloc_address, &real.malloc, sizeof(malloc_address));
    if (!address || !dladdr(address, &info) || !dladdr(malloc_address, &malloc_info) ||
        info.dli_fbase != malloc_info.dli_fbase)
        real.usable_size = NULL;
}

void real_resolve(void)
{
    find(&real.malloc, "malloc");
    find(&real.calloc, "calloc");
    find(&real.realloc, "realloc");
    find(&real.free, "free");
    find(&real.memalign, "memalign");
    find(&real.posix_memalign, "posix_memalign");
    find(&real.aligned_alloc, "aligned_alloc");
    find(&real.valloc, "valloc");
    find(&real.pvalloc, "pvalloc");
    find_usable_size();
    find(&real.pthread_create, "pthread_create");
    find(&real.pthread_join, "pthread_join");
    find(&real.pthread_tryjoin_np, "pthread_tryjoin_np");
    find(&real.pthread_timedjoin_np, "pthread_timedjoin_np");
    find(&real.pthread_clockjoin_np, "pthread_clockjoin_np");
    find(&real.thrd_create, "thrd_create");
    find(&real.thrd_join, "thrd_join");
    find(&real.exit_now, "_exit");
    find(&real.longjmp, "siglongjmp");
    find(&real.longjmp_checked, "__longjmp_chk");
    find(&real.operator_new, "_Znwm");
    find(&real.operator_new_array, "_Znam");
    find(&real.operator_new_aligned, "_ZnwmSt11align_val_t");
    find(&real.operator_new_array_aligned, "_ZnamSt11align_val_t");
}

void real_describe(char *out, size_t n)
{
    void *address;
    Dl_info info;
    memcpy(&address, &real.malloc, sizeof(address));
    const char *path = dladdr(address, &info) ? info.dli_fname : "";
    const char *slash = strrchr(path, '/');
    text_format(out, n, "%s", slash ? slash + 1 : path);
}
