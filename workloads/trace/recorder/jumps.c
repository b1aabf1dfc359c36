/*
 * A signal handler may jump out of the call that it interrupted: a join that would last, mostly. The
 * thread is not inside any more then.
 */
#undef _FORTIFY_SOURCE /* gives longjmp another name */
#include <setjmp.h>

#include "real.h"
#include "recorder.h"

#define JUMP(name, member) \
    EXPORT _Noreturn void name(struct __jmp_buf_tag place[1], int value); \
    EXPORT _Noreturn void name(struct __jmp_buf_tag place[1], int value) \
    { \
        recorder_break_off(&recorder_self); \
        real.member(place, value); \
        __builtin_unreachable(); \
    }
JUMP(longjmp, longjmp)
JUMP(_longjmp, longjmp)
JUMP(siglongjmp, longjmp)
JUMP(__longjmp_chk, longjmp_checked)
