// SPDX-License-Identifier: MIT
#include "../../../csrc/buddy.c"
#include "inputs.h"

static unsigned order_now;
static void order_at(size_t x) {
  while (order_now < 8 * sizeof x - 1 && order_size(order_now) < x) order_now++;
  AGREE(x > LM_REQUEST_MAX ? order_of(x) >= LM_BUDDY_ORDERS : order_of(x) == order_now, x);
}
static void the_order_is_that_of_the_smallest_power_of_two(void) {
  order_now = 0;
  while (order_size(order_now) < LM_BUDDY_CELL) order_now++;
  for_each_input(order_at);
}

CHECK_MAIN(RUN(the_order_is_that_of_the_smallest_power_of_two););
