/* What edge_subject.c does, and its test finds: sizes and numbers. */
#pragma once

#define EDGE_FIRST    600 /* bytes */
#define EDGE_HANDLER  801 /* only in signal handlers */
#define EDGE_CHILD    901 /* only in child processes; their children: one more */
#define EDGE_LARGE    70000
#define EDGE_HUGE     (8u << 20)
#define EDGE_PAGES    10
#define EDGE_MIDDLE   40000 /* below what is always watched; moves to twice as much and 1 */
#define EDGE_FAR      100000
#define EDGE_HANDLED  3000
#define EDGE_PAIRS    100
#define EDGE_MANY     200000
#define EDGE_FORKS    6
#define EDGE_THREADS  1200
#define EDGE_SLEEP_MS 300
