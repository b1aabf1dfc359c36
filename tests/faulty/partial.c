/*
 * For tests: a library that takes over a part of the malloc family only; -DWITH_FREE=0 leaves out
 * more.
 */
#include <stddef.h>

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t each);
void *__libc_realloc(void *p, size_t bytes);
void __libc_free(void *p);

void *malloc(size_t bytes);
void *calloc(size_t n, size_t each);
void *realloc(void *p, size_t bytes);
void free(void *p);

void *malloc(size_t bytes)
{
    return __libc_malloc(bytes);
}

void *calloc(size_t n, size_t each)
{
    return __libc_calloc(n, each);
}

void *realloc(void *p, size_t bytes)
{
    return __libc_realloc(p, bytes);
}

#if WITH_FREE
void free(void *p)
{
    __libc_free(p);
}
#endif
