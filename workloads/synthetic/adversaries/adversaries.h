/* Sequences that drive an allocator towards the bound of its kind. */
#pragma once

#include "workload.h"
