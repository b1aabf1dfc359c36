/*
 * In which order objects are freed that were allocated one after the other. Drawn with integers
 * only. Pure.
 */
#pragma once

#include "param.h"
#include "rng.h"

enum order { ORDER_LIFO, ORDER_FIFO, ORDER_RANDOM };

/* The words of a row of PARAM_CHOICE whose values are of enum order. */
extern const char *const order_names[];

#define ORDER_ROW(preset, help) \
    { \
        "order", PARAM_CHOICE, preset, 0, ORDER_RANDOM, help, order_names \
    }

/* Fills `slots` with the numbers below n: which is to be freed first, second, ... */
void order_slots(enum order order, uint32_t *slots, uint32_t n, struct rng *rng);
