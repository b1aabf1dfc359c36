/* The build id of an ELF file: it names a build of a library beyond path and version. */
#pragma once

#include "err.h"

/*
 * Writes the GNU build id of the file to hex[n] in lower-case hexadecimal. The file may be
 * anything: it is read, never mapped, and only regular files are opened in earnest. 0, or
 *   -ENODATA  an ELF file without a build id
 *   -EINVAL   not a regular file, not an ELF file, cut off or damaged
 *   -ERANGE   the id does not fit
 *   -ENOMEM, or what the system said
 * Any thread may call.
 */
int elf_build_id(const char *path, char *hex, size_t n, struct err *err) MUST_CHECK;
