// SPDX-License-Identifier: MIT
// test_layout.c: layout.c prints TypeScript with the numbers of this build.
#include "check.h"

static char text[16384];
static size_t text_size;
static void text_put(unsigned c) {
  if (text_size < sizeof text - 1) text[text_size++] = (char)c;
}

#define put text_put
#define put_text layout_put_text
#define put_number layout_put_number
#include "../../csrc/layout.c"
#undef put_text
#undef put_number

static bool text_has(const char *part) {
  for (const char *at = text; *at; at++) {
    size_t i = 0;
    while (part[i] && at[i] == part[i]) i++;
    if (!part[i]) return true;
  }
  return false;
}

// True when the output has the line `name: value`; `value` is below 100.
static bool text_has_entry(const char *name, size_t value) {
  char line[40] = "  ";
  size_t n      = 2;
  while (*name) line[n++] = *name++;
  line[n++] = ':', line[n++] = ' ';
  if (value >= 10) line[n++] = (char)('0' + value / 10);
  line[n++] = (char)('0' + value % 10), line[n++] = ',';
  return text_has(line);
}

static void every_table_is_printed_with_its_numbers(void) {
  layout_print();
  CHECK(text_has("export const abiVersion = 1;\n") && text_has("export const Stats = {\n  size: "));
  CHECK(text_has("export const Arena = {\n  size: "));
  CHECK(text_has_entry("topAt", offsetof(lm_arena, top)));
  CHECK(text_has_entry("endAt", offsetof(lm_arena, end)) &&
        text_has_entry("size", sizeof(lm_arena)));
  CHECK(text_has("  f64: 12,\n") && text_has("  largestAlignment: 65536,\n") &&
        text_has("u256: 19"));
  CHECK(text[text_size - 1] == '\n' && text_size > 1500 && text_size < sizeof text - 1);
}

CHECK_MAIN(RUN(every_table_is_printed_with_its_numbers););
