/* The rows of shape_spec. */
#pragma once

enum shape_param {
    SHAPE_HEAP,
    SHAPE_REMOTE,
    SHAPE_OPS,
    SHAPE_MIN,
    SHAPE_MAX,
    SHAPE_RING,
    SHAPE_FAN,
    SHAPE_MAIN,
    SHAPE_PARAMS
};
