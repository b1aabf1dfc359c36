/* A library that allocated is unloaded: its blocks stay whole and are freed, allocation goes on. */
#include "contract.h"

#include <dlfcn.h>
#include <unistd.h>

#include "text.h"

enum { ROUNDS = 200, BLOCKS = 100 };

/* The module lies beside this program. */
static void module_path(char *out, size_t n)
{
    ssize_t got = readlink("/proc/self/exe", out, n - 1);
    if (got <= 0)
        contract_skip("/proc/self/exe cannot be read");
    out[got] = '\0';
    char *name = strrchr(out, '/') + 1;
    text_format(name, (size_t)(out + n - name), "libcontract-module.so");
}

/* Loads it, lets it fill `blocks` in a thread of its own or this one, unloads it. */
static void visit(const char *path, void *blocks[static BLOCKS], bool in_thread)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *(*fill)(void *) = module ? (void *(*)(void *))dlsym(module, "module_fill") : NULL;
    if (!fill)
        contract_skip("%s cannot be loaded: %s", path, dlerror());
    blocks[0] = (void *)(uintptr_t)BLOCKS;
    if (in_thread)
        contract_join(contract_thread(fill, blocks));
    else
        fill(blocks);
    if (dlclose(module) != 0)
        contract_fail("%s cannot be unloaded: %s", path, dlerror());
    if (dlopen(path, RTLD_NOW | RTLD_NOLOAD))
        contract_skip("%s stays loaded after dlclose", path);
}

void clause(void)
{
    char path[4096];
    void *blocks[BLOCKS];
    size_t early = 0;
    module_path(path, sizeof(path));
    for (unsigned round = 0; round < ROUNDS; round++) {
        visit(path, blocks, round % 2);
        for (size_t i = 0; i < BLOCKS; i++) {
            contract_check(blocks[i], 1 + i * 50, i, "when its library was unloaded");
            blocks[i] = hidden(realloc(blocks[i], 1 + i * 70));
            contract_check(blocks[i], 1 + i * 50, i, "in realloc");
            free(blocks[i]);
        }
        if (round == ROUNDS / 4)
            early = contract_resident_bytes();
    }
    contract_no_growth(early, 16 * MIB, "a library loaded and unloaded 150 times");
}
