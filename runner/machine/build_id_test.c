#include "build_id.h"

#include <elf.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <link.h>

#include "fixture.h"
#include "process_maps.h"
#include "rng.h"
#include "unit.h"

/* The smallest file with a build id: header, one segment, a note of another owner, then the id. */
struct image {
    Elf64_Ehdr header;
    Elf64_Phdr segment;
    Elf64_Nhdr other;
    char other_name[8], other_content[4];
    Elf64_Nhdr note;
    char name[4];
    unsigned char id[20];
};

#define NOTES_OFFSET offsetof(struct image, other)
#define ID_TEXT      "000102030405060708090a0b0c0d0e0f10111213"

static struct image good_image(void)
{
    struct image i = {
        .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                               __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB
                                                                         : ELFDATA2MSB,
                               EV_CURRENT},
                   .e_type = ET_DYN,
                   .e_machine = EM_X86_64,
                   .e_version = EV_CURRENT,
                   .e_phoff = offsetof(struct image, segment),
                   .e_ehsize = sizeof(Elf64_Ehdr),
                   .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = 1},
        .segment = {.p_type = PT_NOTE,
                    .p_offset = NOTES_OFFSET,
                    .p_filesz = sizeof(struct image) - NOTES_OFFSET,
                    .p_align = 4},
        .other = {.n_namesz = 5, .n_descsz = 4, .n_type = NT_GNU_BUILD_ID},
        .other_name = "Else",
        .note = {.n_namesz = 4, .n_descsz = 20, .n_type = NT_GNU_BUILD_ID},
        .name = "GNU",
    };
    for (unsigned char b = 0; b < sizeof(i.id); b++)
        i.id[b] = b;
    return i;
}

static struct fixture tree;
static char hex[65];
static struct err err;

static int id_of_bytes(const void *bytes, size_t n)
{
    fixture_write_bytes(&tree, "file", bytes, n);
    memset(hex, '?', sizeof(hex));
    err.text[0] = '\0';
    return elf_build_id(fixture_path(&tree, "file"), hex, sizeof(hex), &err);
}

static int id_of(struct image image)
{
    return id_of_bytes(&image, sizeof(image));
}

START_TEST(reads_the_id)
{
    fixture_init(&tree);
    ck_assert_msg(id_of(good_image()) == 0, "%s", err.text);
    ck_assert_str_eq(hex, ID_TEXT);
    const char *path = fixture_path(&tree, "file");
    ck_assert_int_eq(elf_build_id(path, hex, 41, &err), 0);
    ck_assert_int_eq(elf_build_id(path, hex, 40, &err), -ERANGE);
    ck_assert_int_eq(elf_build_id(path, hex, 0, &err), -ERANGE);
    fixture_release(&tree);
}
END_TEST

START_TEST(an_elf_file_may_have_no_id)
{
    fixture_init(&tree);
    struct image i = good_image();
    i.note.n_type = NT_GNU_ABI_TAG;
    ck_assert_int_eq(id_of(i), -ENODATA);
    ck_assert_ptr_nonnull(strstr(err.text, "has no build id"));
    i = good_image();
    memcpy(i.name, "GNV", 4);
    ck_assert_int_eq(id_of(i), -ENODATA);
    i = good_image();
    i.segment.p_type = PT_LOAD;
    ck_assert_int_eq(id_of(i), -ENODATA);
    i = good_image();
    i.note.n_namesz = 1; /* an owner "G", with something else behind it */
    ck_assert_int_eq(id_of(i), -ENODATA);
    i = good_image();
    i.note.n_descsz = 0;
    ck_assert_int_eq(id_of(i), -ENODATA);
    i = good_image();
    i.segment.p_filesz = 0;
    ck_assert_int_eq(id_of(i), -ENODATA);
    i = good_image();
    i.header.e_phnum = 0;
    i.header.e_phoff = 0;
    ck_assert_int_eq(id_of(i), -ENODATA);
    fixture_release(&tree);
}
END_TEST

START_TEST(what_lies_outside_the_file_is_refused)
{
    static const uint64_t far[] = {
        sizeof(struct image) + 1, MIB, (uint64_t)1 << 40, INT64_MAX, (uint64_t)1 << 63, UINT64_MAX};
    fixture_init(&tree);
    for (size_t k = 0; k < ARRAY_SIZE(far); k++) {
        struct image i = good_image();
        i.segment.p_offset = far[k];
        ck_assert_msg(id_of(i) == -EINVAL, "offset %llu: %s", (unsigned long long)far[k], hex);
        i = good_image();
        i.segment.p_filesz = far[k];
        ck_assert_msg(id_of(i) == -EINVAL, "size %llu: %s", (unsigned long long)far[k], hex);
        i = good_image();
        i.header.e_phoff = far[k];
        ck_assert_msg(id_of(i) < 0, "headers at %llu: %s", (unsigned long long)far[k], hex);
        i = good_image();
        i.note.n_descsz = (uint32_t)far[k] | 0x10000;
        ck_assert_int_lt(id_of(i), 0);
        i = good_image();
        i.other.n_namesz = (uint32_t)far[k] | 0x10000;
        ck_assert_int_lt(id_of(i), 0);
    }
    fixture_release(&tree);
}
END_TEST

START_TEST(huge_notes_are_not_read)
{
    fixture_init(&tree);
    struct image i = good_image();
    i.segment.p_filesz = 512 * MIB;
    ck_assert_int_eq(id_of(i), -EINVAL);
    const char *path = fixture_path(&tree, "file");
    ck_assert_int_eq(truncate(path, GIB), 0); /* sparse: now the notes do lie inside the file */
    ck_assert_int_eq(elf_build_id(path, hex, sizeof(hex), &err), -EINVAL);
    fixture_release(&tree);
}
END_TEST

START_TEST(a_file_that_is_cut_off_gives_no_id)
{
    fixture_init(&tree);
    struct image i = good_image();
    for (size_t n = 0; n < sizeof(i); n++) {
        ck_assert_msg(id_of_bytes(&i, n) < 0, "%zu bytes gave %s", n, hex);
        ck_assert_str_ne(err.text, "");
    }
    fixture_release(&tree);
}
END_TEST

/* Nothing to assert but that it ends, and ends with an id or an error; sanitizers see the rest. */
START_TEST(damaged_bytes_do_no_harm)
{
    fixture_init(&tree);
    struct rng rng;
    rng_seed(&rng, 1);
    for (int round = 0; round < 3000; round++) {
        struct image i = good_image();
        for (int hits = 1 + (int)rng_below(&rng, 4); hits > 0; hits--)
            ((unsigned char *)&i)[rng_below(&rng, sizeof(i))] = (unsigned char)rng_next(&rng);
        int r = id_of(i);
        ck_assert(r == 0 ? strlen(hex) <= 64 : err.text[0] != '\0');
    }
    fixture_release(&tree);
}
END_TEST

START_TEST(other_files_are_refused)
{
    fixture_init(&tree);
    ck_assert_int_eq(id_of_bytes("#!/bin/sh\n", 10), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.text, "not an ELF file"));
    ck_assert_int_eq(id_of_bytes("!<arch>\n", 8), -EINVAL);
    ck_assert_int_eq(elf_build_id(tree.root, hex, sizeof(hex), &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.text, "not a regular file"));
    ck_assert_int_eq(mkfifo(fixture_path(&tree, "fifo"), 0600), 0);
    ck_assert_int_eq(elf_build_id(fixture_path(&tree, "fifo"), hex, sizeof(hex), &err), -EINVAL);
    ck_assert_int_eq(elf_build_id("/dev/zero", hex, sizeof(hex), &err), -EINVAL);
    ck_assert_int_eq(elf_build_id(fixture_path(&tree, "none"), hex, sizeof(hex), &err), -ENOENT);
    fixture_release(&tree);
}
END_TEST

/* The id of the object that holds `address`, as it lies in memory. */
struct loaded {
    uintptr_t address;
    char id[129];
};

static void take_id(const char *notes, size_t n, struct loaded *l)
{
    for (size_t at = 0; at + sizeof(ElfW(Nhdr)) <= n;) {
        const ElfW(Nhdr) *note = (const void *)(notes + at);
        const char *name = (const char *)(note + 1);
        const unsigned char *id = (const void *)(name + round_up(note->n_namesz, 4));
        if (note->n_type == NT_GNU_BUILD_ID && memcmp(name, "GNU", 4) == 0)
            for (unsigned i = 0; i < note->n_descsz && i < 64; i++)
                snprintf(l->id + 2 * i, 3, "%02x", id[i]);
        at += sizeof(*note) + round_up(note->n_namesz, 4) + round_up(note->n_descsz, 4);
    }
}

static int look_at_object(struct dl_phdr_info *object, size_t size, void *data)
{
    (void)size;
    struct loaded *l = data;
    bool is_it = false;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &object->dlpi_phdr[i];
        is_it = is_it ||
                (p->p_type == PT_LOAD && l->address - object->dlpi_addr - p->p_vaddr < p->p_memsz);
    }
    for (int i = 0; is_it && i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &object->dlpi_phdr[i];
        if (p->p_type == PT_NOTE && p->p_align == 4)
            take_id((const char *)(object->dlpi_addr + p->p_vaddr), p->p_memsz, l);
    }
    return is_it;
}

START_TEST(agrees_with_what_the_loader_loaded)
{
    struct loaded libc = {.address = (uintptr_t)gnu_get_libc_version};
    ck_assert_int_eq(dl_iterate_phdr(look_at_object, &libc), 1);
    char path[512];
    ck_assert_msg(process_file_of(getpid(), libc.address, path, sizeof(path), &err) == 0, "%s",
                  err.text);
    int r = elf_build_id(path, hex, sizeof(hex), &err);
    if (libc.id[0] == '\0') {
        ck_assert_int_eq(r, -ENODATA);
        return;
    }
    ck_assert_msg(r == 0, "%s", err.text);
    ck_assert_str_eq(hex, libc.id);
}
END_TEST

UNIT_MAIN("build_id", reads_the_id, an_elf_file_may_have_no_id,
          what_lies_outside_the_file_is_refused, huge_notes_are_not_read,
          a_file_that_is_cut_off_gives_no_id, damaged_bytes_do_no_harm, other_files_are_refused,
          agrees_with_what_the_loader_loaded)
