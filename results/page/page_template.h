/* The page without its data, made by bundle.py when the program is built. */
#pragma once

#include <stddef.h>

extern const char page_head[], page_tail[]; /* before the data and behind them */
extern const size_t page_head_bytes, page_tail_bytes;
