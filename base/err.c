#include "err.h"

#include <string.h>

#include "text.h"

int err_set(struct err *err, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_vformat(err->text, sizeof(err->text), format, args);
    va_end(args);
    return -code;
}

int err_set_errno(struct err *err, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t n = text_vformat(err->text, sizeof(err->text), format, args);
    va_end(args);
    text_format(err->text + n, sizeof(err->text) - n, ": %s", strerrordesc_np(code));
    return -code;
}

void err_prefix(struct err *err, const char *format, ...)
{
    struct err old = *err;
    va_list args;
    va_start(args, format);
    size_t n = text_vformat(err->text, sizeof(err->text), format, args);
    va_end(args);
    text_format(err->text + n, sizeof(err->text) - n, ": %s", old.text);
}
