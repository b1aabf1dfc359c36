/* What the process has used so far. Any thread. */
#pragma once

#include "control.h"

void usage_read(struct control_usage *out);
