#include "build_id.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Notes are some hundred bytes; a header that claims more is not believed. */
#define NOTES_BYTES_MAX MIB

static int write_hex(const unsigned char *id, size_t n_bytes, char *hex, size_t n)
{
    if (n_bytes * 2 >= n)
        return -ERANGE;
    for (size_t i = 0; i < n_bytes; i++) {
        *hex++ = "0123456789abcdef"[id[i] >> 4];
        *hex++ = "0123456789abcdef"[id[i] & 15];
    }
    *hex = '\0';
    return 0;
}

/* Looks among the notes of one segment; -ENODATA when the id is not there. */
static int find_in_notes(Elf_Data *notes, char *hex, size_t n)
{
    size_t at = 0;
    size_t next;
    size_t name;
    size_t content;
    GElf_Nhdr note;
    while ((next = gelf_getnote(notes, at, &note, &name, &content)) > 0) {
        const char *bytes = notes->d_buf;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof(ELF_NOTE_GNU) &&
            memcmp(bytes + name, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0 && note.n_descsz > 0)
            return write_hex((const unsigned char *)bytes + content, note.n_descsz, hex, n);
        at = next;
    }
    return -ENODATA;
}

/* -ENODATA: no id in this segment; -EINVAL: the segment lies outside the file. */
static int find_in_segment(Elf *elf, size_t i, char *hex, size_t n)
{
    GElf_Phdr segment;
    if (!gelf_getphdr(elf, (int)i, &segment))
        return -EINVAL;
    if (segment.p_type != PT_NOTE)
        return -ENODATA;
    if (segment.p_filesz > NOTES_BYTES_MAX || segment.p_offset > INT64_MAX)
        return -EINVAL;
    Elf_Data *notes = elf_getdata_rawchunk(elf, (int64_t)segment.p_offset, segment.p_filesz,
                                           segment.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
    return notes ? find_in_notes(notes, hex, n) : -EINVAL;
}

static int find_in_elf(Elf *elf, char *hex, size_t n)
{
    size_t n_segments;
    if (elf_kind(elf) != ELF_K_ELF || elf_getphdrnum(elf, &n_segments) < 0)
        return -EINVAL;
    int r = -ENODATA;
    for (size_t i = 0; r == -ENODATA && i < n_segments; i++)
        r = find_in_segment(elf, i, hex, n);
    return r;
}

static int tell(int r, const char *path, struct err *err)
{
    if (r == -ENODATA)
        return err_set(err, ENODATA, "%s has no build id", path);
    if (r == -ERANGE)
        return err_set(err, ERANGE, "%s has a build id of more bytes than can be kept", path);
    if (r == -ENOMEM)
        return err_set(err, ENOMEM, "out of memory for reading %s", path);
    return r < 0 ? err_set(err, EINVAL, "%s is not an ELF file, or it is damaged", path) : 0;
}

int elf_build_id(const char *path, char *hex, size_t n, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us up */
    if (fd < 0)
        return err_set_errno(err, errno, "cannot open %s", path);
    struct stat file;
    if (fstat(fd, &file) < 0 || !S_ISREG(file.st_mode)) {
        close(fd);
        return err_set(err, EINVAL, "%s is not a regular file", path);
    }
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL); /* not mapped: the file may shrink meanwhile */
    int r = elf ? find_in_elf(elf, hex, n) : -ENOMEM;
    elf_end(elf);
    close(fd);
    return tell(r, path, err);
}
