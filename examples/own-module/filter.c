// SPDX-License-Identifier: MIT
// A module without a libc. Its memory is imported, and so are malloc and free: JavaScript and C share one heap.
#include <stddef.h>

__attribute__((import_module("env"), import_name("malloc"))) void *malloc(size_t size);
__attribute__((import_module("env"), import_name("free"))) void free(void *block);

typedef struct {
  size_t length;
  float *samples;
} signal;

static const float kernel[3] = {0.25f, 0.5f, 0.25f};  // static data of the module

// Returns a smoothed copy of `s`, NULL iff there is no memory. The caller frees it by signal_free.
__attribute__((export_name("signal_smooth"))) signal *signal_smooth(const signal *s) {
  signal *out = malloc(sizeof *out);
  if (!out) return NULL;
  out->length  = s->length;
  out->samples = malloc(s->length * sizeof(float));
  if (!out->samples) return free(out), NULL;
  for (size_t i = 0; i < s->length; i++) {
    const size_t before = i > 0 ? i - 1 : 0, after = i + 1 < s->length ? i + 1 : i;
    out->samples[i] =
        kernel[0] * s->samples[before] + kernel[1] * s->samples[i] + kernel[2] * s->samples[after];
  }
  return out;
}

__attribute__((export_name("signal_free"))) void signal_free(signal *s) {
  if (s) free(s->samples), free(s);
}
