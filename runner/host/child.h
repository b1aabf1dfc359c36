/*
 * What a child of this program does between fork and exec, so that nothing that the program or its
 * shell happened to have reaches it. Async-signal-safe.
 */
#pragma once

/*
 * A process group of its own (Ctrl-C is the parent's to handle), no core file, signals as a new
 * process has them, no files above `last_fd` after exec, "/" as its folder, and the first to go when
 * memory runs out. Ends the child with `status` where that cannot be.
 */
void child_drop_inheritance(int last_fd, int status);
