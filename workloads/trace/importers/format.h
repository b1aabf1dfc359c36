/*
 * A format that can be imported: a row of the table, and what its file hands to the engine (import.c), which reads
 * every input twice. Within workloads/trace/importers/.
 */
#pragma once

#include "source.h"
#include "trace.h"

/* One call, or a word around it, as the input tells it. */
struct import_event {
    enum trace_kind kind; /* as struct assemble_event, or CLOCK: the thread's time */
    uint64_t thread;      /* any number but UINT64_MAX */
    uint64_t other;       /* SPAWN, JOIN: likewise */
    uint64_t old;         /* FREE, REALLOC: the object's address or number; 0 is NULL */
    uint64_t made; /* allocations, REALLOC: the address or number it got; 0: the call failed */
    uint64_t bytes;
    unsigned align_log2;
    bool has_pages;
    uint32_t pages; /* allocations and REALLOC, where has_pages: see TRACE_EXTENT */
    bool has_ns;
    uint64_t ns; /* CLOCK, and where has_ns: since any fixed moment */
};

/* What a file says of itself; for both passes to fill in alike. */
struct import_facts {
    char text[TRACE_TEXT_MAX]; /* program and arguments, each ended by a 0 byte */
    uint32_t text_bytes;       /* 0: not told */
    bool has_times;
    char note[256]; /* one thing more that people should know, without an end; "": nothing */
};

struct import_reader {
    struct source *in;
    void *state; /* the format's own, state_bytes of zeros at first */
    struct import_facts *facts;
};

struct import_format {
    const char *name;
    const char *summary; /* one line */
    const char *lost;    /* what the format does not hold, as the end of a sentence; "": nothing */
    bool
        threads_are_born; /* it says who starts whom, and its thread numbers are never used again */
    size_t state_bytes;
    /* Whether a file that begins so is one: `n` bytes and a 0 behind them. */
    bool (*sniff)(const char *bytes, size_t n);
    /* The next event. 1, 0 at the end, or a negative errno with the place told. */
    int (*next)(struct import_reader *r, struct import_event *e, struct err *err);
    void (*release)(void *state); /* what the state holds; NULL: nothing */
};

extern const struct import_format format_android, format_mtrace, format_trace_utils, format_rep,
    format_heaptrack, format_text;

/* Adds a word to the program and its arguments, as long as there is room. */
void import_facts_word(struct import_facts *f, const char *word);
/* Program and arguments: the words of a line. */
void import_facts_command(struct import_facts *f, char *line);
