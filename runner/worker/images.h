/* The program's and its libraries' own pages. */
#pragma once

/*
 * Makes every mapped page of every loaded file present, by reading: which of them a trial happens
 * to run first must not look like memory of the allocator. Where the kernel cannot (before 5.14),
 * they stay as they are.
 */
void images_populate(void);
