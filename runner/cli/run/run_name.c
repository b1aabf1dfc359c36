#include "run_name.h"

#include <errno.h>
#include <string.h>

#define SUFFIX ".db"

/* The length of the file's name at the begin of the text; 0 when it names none. */
static size_t file_length(const char *text)
{
    for (const char *at = text; (at = strstr(at, SUFFIX)); at++) {
        size_t n = (size_t)(at - text) + strlen(SUFFIX);
        if (n > strlen(SUFFIX) && (text[n] == ':' || text[n] == '\0'))
            return n;
    }
    return 0;
}

int run_name_read(const char *text, struct run_name *out, struct err *err)
{
    *out = (struct run_name){.subject = NULL};
    size_t n_file = file_length(text);
    if (n_file >= sizeof(out->file))
        return err_set(err, EINVAL, "the name of a results file is too long");
    memcpy(out->file, text, n_file);
    const char *run = text + n_file + (text[n_file] == ':' && n_file > 0);
    size_t n_run = strcspn(run, ":");
    if (n_run >= sizeof(out->run))
        return err_set(err, EINVAL, "no run has so long a name as '%.*s..'", 60, run);
    memcpy(out->run, run, n_run);
    if (run[n_run] == ':')
        out->subject = run + n_run + 1;
    if (out->subject && !*out->subject)
        return err_set(err, EINVAL, "'%s' names no allocator behind its last ':'", text);
    return 0;
}
