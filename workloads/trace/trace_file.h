/*
 * A trace as bytes: header, text, the chain of chunks, footer, and where the file ends. What the
 * chunks hold is checked by trace_reader.h. One thread at a time.
 */
#pragma once

#include "err.h"
#include "trace_reader.h"

struct trace_file {
    char *path;
    int fd;
    uint64_t n_bytes;
    uint64_t chunks_begin, chunks_end;
    uint32_t most_raw_bytes, most_frame_bytes, most_events; /* of any chunk */
    struct trace_header header;
    char *text;
    struct trace_footer footer; /* zero when the file was cut off */
    bool is_cut;
    struct trace_cut cut;
    uint8_t *frame;
    size_t frame_room;
};

/* 0 or a negative errno; release it in either case. `f` begins as zero. */
int trace_file_open(struct trace_file *f, const char *path, struct err *err) MUST_CHECK;
void trace_file_release(struct trace_file *f);

/* The chunk at byte `at` of the chain, its frame in f->frame. 0 or a negative errno. */
int trace_file_chunk(struct trace_file *f, uint64_t at, struct trace_chunk *chunk,
                     struct err *err) MUST_CHECK;

/* Both return the error. */
int trace_file_damaged(const struct trace_file *f, uint64_t at, const char *what, struct err *err);
int trace_file_no_memory(const struct trace_file *f, struct err *err);
