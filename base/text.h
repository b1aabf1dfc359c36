/*
 * printf-like formatting into a caller's buffer without stdio and without allocation, for code that
 * runs where malloc is under test or damaged (worker, recorder, allocators) and for error messages.
 * Any thread; async-signal-safe.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/*
 * Understands %s %.*s %c %d %i %u %x %p %% with the length modifiers l, ll and z, and %*d-style
 * width not at all. The result is always terminated and cut at n bytes. Returns its length, without
 * the 0.
 */
size_t text_vformat(char *out, size_t n, const char *format, va_list args);
size_t text_format(char *out, size_t n, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
