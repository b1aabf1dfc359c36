#include "library.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A library without one of these would share its objects with the allocator that has it. */
static const char *const needed[] = {"malloc", "free", "calloc", "realloc"};

/* Opens `path` as an ELF file. *fd is the caller's to close even on failure, when it is not -1. */
static int open_elf(const char *path, int *fd, Elf **elf, GElf_Ehdr *head, struct err *err)
{
    struct stat st;
    *elf = NULL;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not make us wait */
    if (*fd < 0)
        return err_set_errno(err, errno, "cannot open %s", path);
    if (fstat(*fd, &st) < 0)
        return err_set_errno(err, errno, "cannot read %s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, EINVAL, "%s is not a file but a %s", path,
                       S_ISDIR(st.st_mode) ? "directory" : "device or pipe");
    elf_version(EV_CURRENT);
    *elf = elf_begin(*fd, ELF_C_READ, NULL); /* read, not mapped: the file may shrink under us */
    if (!*elf || elf_kind(*elf) != ELF_K_ELF || !gelf_getehdr(*elf, head))
        return err_set(err, EINVAL, "%s is not a shared library: no ELF file", path);
    return 0;
}

/* This program is an ELF file too, and says what machine is meant. */
static bool for_this_machine(const GElf_Ehdr *head)
{
    struct err unused;
    GElf_Ehdr own;
    Elf *elf;
    int fd;
    bool same = open_elf("/proc/self/exe", &fd, &elf, &own, &unused) == 0 &&
                own.e_machine == head->e_machine &&
                own.e_ident[EI_CLASS] == head->e_ident[EI_CLASS] &&
                own.e_ident[EI_DATA] == head->e_ident[EI_DATA];
    elf_end(elf);
    if (fd >= 0)
        close(fd);
    return same;
}

static bool is_exported_function(const GElf_Sym *symbol)
{
    unsigned type = GELF_ST_TYPE(symbol->st_info), bind = GELF_ST_BIND(symbol->st_info);
    unsigned visibility = GELF_ST_VISIBILITY(symbol->st_other);
    return symbol->st_shndx != SHN_UNDEF && (type == STT_FUNC || type == STT_GNU_IFUNC) &&
           (bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE) &&
           (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

/* Adds to the bit set of `needed` what one table of dynamic symbols exports. */
static void look_through(Elf *elf, Elf_Scn *section, const GElf_Shdr *head, unsigned *found)
{
    Elf_Data *data = elf_getdata(section, NULL);
    GElf_Sym symbol;
    for (int i = 0; data && gelf_getsym(data, i, &symbol); i++) {
        const char *name = elf_strptr(elf, head->sh_link, symbol.st_name);
        if (!name || !is_exported_function(&symbol))
            continue;
        for (unsigned k = 0; k < ARRAY_SIZE(needed); k++)
            *found |= (unsigned)(strcmp(name, needed[k]) == 0) << k;
    }
}

static int check_exports(Elf *elf, const char *path, struct err *err)
{
    unsigned found = 0;
    GElf_Shdr head;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
        if (gelf_getshdr(section, &head) && head.sh_type == SHT_DYNSYM)
            look_through(elf, section, &head, &found);
    }
    for (unsigned k = 0; k < ARRAY_SIZE(needed); k++) {
        if (!(found >> k & 1))
            return err_set(err, EINVAL, "%s exports no %s, so it cannot be a program's allocator",
                           path, needed[k]);
    }
    return 0;
}

int library_check(const char *path, struct err *err)
{
    GElf_Ehdr head;
    Elf *elf;
    int fd;
    int rc = open_elf(path, &fd, &elf, &head, err);
    if (rc == 0 && head.e_type != ET_DYN)
        rc = err_set(err, EINVAL, "%s is an ELF file but not a shared library", path);
    if (rc == 0 && !for_this_machine(&head))
        rc = err_set(err, EINVAL, "%s is built for another kind of processor", path);
    if (rc == 0)
        rc = check_exports(elf, path, err);
    elf_end(elf);
    if (fd >= 0)
        close(fd);
    return rc;
}
