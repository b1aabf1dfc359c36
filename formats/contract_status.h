/* How a program of the contract (tests/contract) and who starts it speak to each other. */
#pragma once

/* In its environment: the path of the library that must serve malloc. Not set or empty: glibc must. */
#define CONTRACT_LIBRARY "CONTRACT_LIBRARY"

/*
 * Its exit status. When it passes, it has written CONTRACT_THROUGH to stdout, which an allocator that
 * ends the process has not; else the last line on stderr is what was expected and what was seen.
 */
#define CONTRACT_THROUGH "through\n"
enum contract_status {
    CONTRACT_PASS = 0,
    CONTRACT_FAIL = 1,     /* C or POSIX is broken, or memory */
    CONTRACT_DIFFERS = 76, /* the standards leave it open, but it is not as on glibc */
    CONTRACT_SKIP = 77,    /* could not be tried here */
};
