#include "parameters.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "arena_internal.h"
#include "fatal.h"
#include "text.h"

#define VARIABLE      "ARENABENCH_TUNABLES"
#define VARIABLE_IS   VARIABLE "="
#define MESSAGE_BYTES 1024u
#define QUOTED_BYTES  80u /* of what somebody wrote, in a message */

struct malloc_par mp_ = {
    .trim_threshold = DEFAULT_TRIM_THRESHOLD,
    .trim_regret_ms = DEFAULT_TRIM_REGRET_MS,
    .top_pad = DEFAULT_TOP_PAD,
    .mmap_threshold = DEFAULT_MMAP_THRESHOLD,
    .mmap_max = DEFAULT_MMAP_MAX,
    .arena_test = ARENAS_PER_CPU, /* as many as one CPU has */
};

/* --- the common rows --- */

#define GETTER(field) \
    static size_t get_##field(void) \
    { \
        return PAR_GET(field); \
    }
#define SETTER(field) \
    static void set_##field(size_t value) \
    { \
        PAR_SET(field, value); \
    }
/* Whoever sets one of these wants it to stay. */
#define SETTER_THAT_FIXES(field) \
    static void set_##field(size_t value) \
    { \
        PAR_SET(field, value); \
        PAR_SET(no_dyn_threshold, true); \
    }

GETTER(mmap_threshold)
SETTER_THAT_FIXES(mmap_threshold)
GETTER(trim_threshold)
SETTER_THAT_FIXES(trim_threshold)
GETTER(trim_regret_ms)
SETTER(trim_regret_ms)
GETTER(top_pad)
SETTER_THAT_FIXES(top_pad)
GETTER(mmap_max)
SETTER_THAT_FIXES(mmap_max)
GETTER(arena_test)
SETTER(arena_test)
SETTER(arena_max)
GETTER(perturb)
SETTER(perturb)

const struct tunable common_tunables[] = {
    {.name = "arena_max",
     .least = 1,
     .most = SIZE_MAX,
     .set = set_arena_max,
     .get = arena_limit,
     .mallopt = M_ARENA_MAX},
    {.name = "arena_test",
     .least = 1,
     .most = SIZE_MAX,
     .set = set_arena_test,
     .get = get_arena_test,
     .mallopt = M_ARENA_TEST},
    {.name = "mmap_threshold",
     .most = SIZE_MAX,
     .set = set_mmap_threshold,
     .get = get_mmap_threshold,
     .mallopt = M_MMAP_THRESHOLD},
    {.name = "trim_threshold",
     .most = SIZE_MAX,
     .set = set_trim_threshold,
     .get = get_trim_threshold,
     .mallopt = M_TRIM_THRESHOLD},
    {.name = "trim_regret_ms",
     .most = UINT32_MAX,
     .set = set_trim_regret_ms,
     .get = get_trim_regret_ms},
    {.name = "top_pad",
     .most = SIZE_MAX,
     .set = set_top_pad,
     .get = get_top_pad,
     .mallopt = M_TOP_PAD},
    {.name = "mmap_max",
     .most = INT_MAX,
     .set = set_mmap_max,
     .get = get_mmap_max,
     .mallopt = M_MMAP_MAX},
    {.name = "perturb",
     .most = UINT8_MAX,
     .set = set_perturb,
     .get = get_perturb,
     .mallopt = M_PERTURB},
    {.name = NULL},
};

/* --- words --- */

/* A piece of the text. */
struct word {
    const char *text;
    size_t length;
};

static bool word_is(struct word w, const char *name)
{
    return strlen(name) == w.length && memcmp(name, w.text, w.length) == 0;
}

/* Cuts `w` at the first `separator`: what stood before it, and `w` is what stands behind. */
static struct word cut(struct word *w, char separator)
{
    const char *at = memchr(w->text, separator, w->length);
    size_t length = at ? (size_t)(at - w->text) : w->length;
    struct word before = {.text = w->text, .length = length};
    size_t used = at ? length + 1 : length;
    *w = (struct word){.text = w->text + used, .length = w->length - used};
    return before;
}

/* Bits to shift by for K, M, G; 0: none of them. */
static unsigned suffix_shift(char c)
{
    switch (c) {
    case 'K':
        return 10;
    case 'M':
        return 20;
    case 'G':
        return 30;
    default:
        return 0;
    }
}

static bool read_number(struct word w, size_t *out)
{
    size_t value = 0, i = 0;
    for (; i < w.length && w.text[i] >= '0' && w.text[i] <= '9'; i++) {
        if (__builtin_mul_overflow(value, (size_t)10, &value) ||
            __builtin_add_overflow(value, (size_t)(w.text[i] - '0'), &value))
            return false;
    }
    if (i == 0)
        return false;
    if (i < w.length) {
        unsigned shift = suffix_shift(w.text[i++]);
        if (shift == 0 || i != w.length || value > SIZE_MAX >> shift)
            return false;
        value <<= shift;
    }
    *out = value;
    return true;
}

static bool read_value(const struct tunable *t, struct word w, size_t *out)
{
    if (!t->choices)
        return read_number(w, out) && *out >= t->least && *out <= t->most;
    for (size_t i = 0; t->choices[i]; i++) {
        if (word_is(w, t->choices[i])) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* --- complaints --- */

struct message {
    char text[MESSAGE_BYTES];
    size_t n;
};

static void add(struct message *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct message *m, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    m->n += text_vformat(m->text + m->n, sizeof(m->text) - m->n, format, args);
    va_end(args);
}

/* What somebody wrote, without what could steer a terminal. */
static void add_quoted(struct message *m, struct word w)
{
    add(m, "'");
    for (size_t i = 0; i < w.length && i < QUOTED_BYTES; i++)
        add(m, "%c", w.text[i] >= ' ' && w.text[i] <= '~' ? w.text[i] : '?');
    add(m, w.length > QUOTED_BYTES ? "...'" : "'");
}

static void begin(struct message *m)
{
    m->n = 0;
    add(m, "%s: " VARIABLE ": ", heap_name);
}

static void tell(struct message *m)
{
    add(m, "\n");
    int saved = errno;
    if (write(STDERR_FILENO, m->text, m->n) < 0)
        errno = saved; /* nobody can be told */
}

static void tell_bad_value(const struct tunable *t, struct word setting)
{
    struct message m;
    begin(&m);
    add_quoted(&m, setting);
    if (t->choices) {
        add(&m, " should be one of");
        for (size_t i = 0; t->choices[i]; i++)
            add(&m, "%s %s", i > 0 ? "," : "", t->choices[i]);
    } else {
        add(&m, " should be a number from %zu to %zu, K, M or G allowed", t->least, t->most);
    }
    add(&m, "; the default stands");
    tell(&m);
}

static size_t add_names(struct message *m, const struct tunable *rows, size_t n)
{
    for (; rows && rows->name; rows++, n++)
        add(m, "%s %s", n > 0 ? "," : "", rows->name);
    return n;
}

static void tell_unknown(struct word setting, const struct tunable *own)
{
    struct message m;
    begin(&m);
    add_quoted(&m, setting);
    add(&m, " is unknown and passed over; %s has", heap_name);
    add_names(&m, own, add_names(&m, common_tunables, 0));
    tell(&m);
}

/* --- reading --- */

static const struct tunable *row_in(const struct tunable *rows, struct word name)
{
    for (; rows && rows->name; rows++) {
        if (word_is(name, rows->name))
            return rows;
    }
    return NULL;
}

static bool is_family(struct word w)
{
    static const char *const families[] = {"implicit", "ptmalloc", "buddy"};
    for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
        if (word_is(w, families[i]))
            return true;
    }
    return false;
}

/* "ALLOCATOR.name=value" */
static void read_setting(struct word setting, const struct tunable *own)
{
    struct word value = setting, name = cut(&value, '='), family = cut(&name, '.');
    bool ours = word_is(family, heap_name);
    if (!ours && is_family(family))
        return;
    const struct tunable *t = ours ? row_in(own, name) : NULL;
    if (ours && !t)
        t = row_in(common_tunables, name);
    size_t number;
    if (!t)
        tell_unknown(setting, own);
    else if (!read_value(t, value, &number))
        tell_bad_value(t, setting);
    else
        t->set(number);
}

void parameters_read(const char *text, const struct tunable *own)
{
    struct word rest = {.text = text, .length = strlen(text)};
    while (rest.length > 0) {
        struct word setting = cut(&rest, ':');
        if (setting.length > 0)
            read_setting(setting, own);
    }
}

int parameters_mallopt(int param, int value, const struct tunable *own)
{
    const struct tunable *const tables[] = {own, common_tunables};
    size_t wide = (size_t)(ptrdiff_t)value; /* -1 is the largest size, as in glibc */
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        for (const struct tunable *t = tables[i]; t && t->name; t++) {
            if (t->mallopt == 0 || t->mallopt != param)
                continue;
            if (wide < t->least || wide > t->most)
                return 0;
            t->set(wide);
            return 1;
        }
    }
    return 0;
}

/* --- the environment --- */

static bool tell_too_long(size_t room)
{
    struct message m;
    begin(&m);
    add(&m, "longer than %zu bytes and passed over", room - 1);
    tell(&m);
    return false;
}

/* Of libc's own array. */
static bool copy_from_environ(char *const *variables, char *out, size_t room)
{
    const size_t length = strlen(VARIABLE_IS);
    for (; *variables; variables++) {
        if (strncmp(*variables, VARIABLE_IS, length) != 0)
            continue;
        const char *value = *variables + length;
        size_t n = strlen(value);
        if (n >= room)
            return tell_too_long(room);
        memcpy(out, value, n + 1);
        return true;
    }
    return false;
}

/* A file, byte by byte. */
struct stream {
    int fd;
    size_t at, n;
    char bytes[512];
};

/* -1 at the end. */
static int stream_next(struct stream *s)
{
    if (s->at == s->n) {
        ssize_t got;
        do
            got = read(s->fd, s->bytes, sizeof(s->bytes));
        while (got < 0 && errno == EINTR);
        if (got <= 0)
            return -1;
        s->at = 0;
        s->n = (size_t)got;
    }
    return (unsigned char)s->bytes[s->at++];
}

/* Reads one "NAME=value\0"; whether it was ours. *length is that of the value, cut in `out`. */
static bool stream_variable(struct stream *s, int c, char *out, size_t room, size_t *length)
{
    const size_t prefix = strlen(VARIABLE_IS);
    bool ours = true;
    size_t i = 0;
    for (; c > 0; c = stream_next(s), i++) {
        if (i < prefix)
            ours = ours && c == VARIABLE_IS[i];
        else if (ours && i - prefix < room)
            out[i - prefix] = (char)c;
    }
    *length = i - prefix;
    return ours && i >= prefix;
}

/* Before libc knows its environment. */
static bool copy_from_proc(char *out, size_t room)
{
    struct stream s = {.fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC)};
    if (s.fd < 0)
        return false;
    size_t n = 0;
    bool found = false;
    for (int c; !found && (c = stream_next(&s)) >= 0;)
        found = stream_variable(&s, c, out, room, &n);
    close(s.fd);
    if (found && n >= room)
        return tell_too_long(room);
    if (found)
        out[n] = '\0';
    return found;
}

bool parameters_environment(char *out, size_t room)
{
    if (getauxval(AT_SECURE))
        return false;
    return environ ? copy_from_environ(environ, out, room) : copy_from_proc(out, room);
}
