#include "process_maps.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "fixture.h"
#include "os.h"
#include "unit.h"

/* Maps two pages of a new file called `name` in a fresh tree. */
static char *map_file(struct fixture *tree, const char *name)
{
    static char pages[8192];
    fixture_init(tree);
    fixture_write_bytes(tree, name, pages, sizeof(pages));
    int fd = open(fixture_path(tree, name), O_RDONLY);
    char *p = mmap(NULL, sizeof(pages), PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    ck_assert_ptr_ne(p, MAP_FAILED);
    return p;
}

static int file_of(const void *address, char *path, size_t n, struct err *err)
{
    return process_file_of(getpid(), (uintptr_t)address, path, n, err);
}

START_TEST(names_the_file_of_every_byte_and_of_none_beyond)
{
    struct fixture tree;
    char path[512];
    char own[512];
    struct err err = {0};
    char *p = map_file(&tree, "lib x.so");
    const char *wanted = fixture_path(&tree, "lib x.so");
    ck_assert_msg(file_of(p, path, sizeof(path), &err) == 0, "%s", err.text);
    ck_assert_str_eq(path, wanted);
    ck_assert_int_eq(file_of(p + 8191, path, sizeof(path), &err), 0);
    int r = file_of(p + 8192, path, sizeof(path), &err);
    ck_assert(r < 0 || strcmp(path, wanted) != 0);

    ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
    own[n] = '\0';
    ck_assert_int_eq(file_of((void *)(uintptr_t)map_file, path, sizeof(path), &err), 0);
    ck_assert_str_eq(path, own);
    fixture_release(&tree);
}
END_TEST

START_TEST(odd_names_come_out_whole)
{
    struct fixture tree;
    char path[512];
    struct err err = {0};
    char *p = map_file(&tree, "a\nb  c ");
    ck_assert_msg(file_of(p, path, sizeof(path), &err) == 0, "%s", err.text);
    ck_assert_str_eq(path, fixture_path(&tree, "a\nb  c "));
    ck_assert_int_eq(file_of(p, path, strlen(path), &err), -ENAMETOOLONG);
    fixture_release(&tree);
}
END_TEST

START_TEST(a_deleted_file_is_no_proof)
{
    struct fixture tree;
    char path[512];
    struct err err = {0};
    char *p = map_file(&tree, "gone.so");
    unlink(fixture_path(&tree, "gone.so"));
    ck_assert_int_eq(file_of(p, path, sizeof(path), &err), -ESTALE);
    ck_assert_ptr_nonnull(strstr(err.text, "gone.so was deleted"));
    fixture_release(&tree);
}
END_TEST

START_TEST(memory_without_a_file)
{
    char path[512];
    struct err err = {0};
    char *p = os_map(4096, OS_PLAIN);
    ck_assert_int_eq(file_of(p, path, sizeof(path), &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.text, "anonymous"));
    int on_stack;
    ck_assert_int_eq(file_of(&on_stack, path, sizeof(path), &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.text, "not a file's"));
    os_unmap(p, 4096);
    ck_assert_int_eq(file_of(NULL, path, sizeof(path), &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.text, "nothing is mapped at 0x0"));
    ck_assert_int_eq(process_file_of(getpid(), UINT64_MAX, path, sizeof(path), &err), -ENOENT);
}
END_TEST

START_TEST(another_process)
{
    struct fixture tree;
    char path[512];
    struct err err = {0};
    char *p = map_file(&tree, "shared.so");
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    munmap(p, 8192);
    ck_assert_int_eq(process_file_of(child, (uintptr_t)p, path, sizeof(path), &err), 0);
    ck_assert_str_eq(path, fixture_path(&tree, "shared.so"));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert_int_eq(process_file_of(child, (uintptr_t)p, path, sizeof(path), &err), -ENOENT);
    uint64_t n;
    ck_assert_int_eq(process_n_mappings(child, &n, &err), -ENOENT);
    fixture_release(&tree);
}
END_TEST

START_TEST(counts_mappings)
{
    enum { PAGES = 2000 };
    uint64_t before;
    uint64_t after;
    struct err err = {0};
    char *p = os_map(PAGES * 4096, OS_PLAIN);
    ck_assert_int_eq(process_n_mappings(getpid(), &before, &err), 0);
    for (int i = 1; i < PAGES; i += 2) /* every second page another kind of mapping */
        ck_assert_int_eq(mprotect(p + i * 4096, 4096, PROT_READ), 0);
    ck_assert_int_eq(process_n_mappings(getpid(), &after, &err), 0);
    ck_assert_uint_ge(after, before + PAGES - 2);
    ck_assert_uint_le(after, before + PAGES + 2);
    os_unmap(p, PAGES * 4096);
}
END_TEST

UNIT_MAIN("process_maps", names_the_file_of_every_byte_and_of_none_beyond, odd_names_come_out_whole,
          a_deleted_file_is_no_proof, memory_without_a_file, another_process, counts_mappings)
