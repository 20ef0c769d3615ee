/* A small C library with everything that bind() is for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

typedef struct { int32_t id; float x, y; } point_t;
typedef struct node { int32_t value; struct node *next; } node_t;
typedef struct { double only; } single_t;
typedef struct { int8_t a; int64_t b; } pair_t;
typedef enum { RED, GREEN, BLUE } color_t;
typedef struct counter { int32_t n; } counter_t;

int add(int a, int b) { return a + b; }
double mix(int8_t a, uint16_t b, float c, double d) { return a + b + c + d; }
int64_t add64(int64_t a, int64_t b) { return a + b; }
uint64_t big(void) { return 0xfffffffffffffff0ull; }
uint8_t low(int x) { return (uint8_t)x; }
_Bool is_even(int x) { return x % 2 == 0; }
void nothing(void) {}

int count_bytes(const char *s) { return s ? (int)strlen(s) : -1; }
char *make_greeting(const char *who) {
  if (!who) return NULL;
  size_t n = strlen(who) + 1;
  char *text = malloc(n + 6);
  memcpy(text, "hello ", 6);
  memcpy(text + 6, who, n);
  return text;
}
const char *constant(void) { return "constant"; }
char *broken_text(void) { char *text = malloc(4); memcpy(text, "\xff\xfe", 3); return text; }
char *wild(int at) { return (char *)(intptr_t)at; }
const char *after_first(const char *s, int c) { return strchr(s, c); }

void scale(const float *in, float *out, int n, float k) { for (int i = 0; i < n; i++) out[i] = in[i] * k; }
int sum(const int *p, int n) { int s = 0; while (n--) s += *p++; return s; }
float dot(const float *a, const float *b, int n) { float s = 0; while (n--) s += *a++ * *b++; return s; }
void double_all(int *p, int n) { while (n--) *p++ *= 2; }
void fill_n(int n, uint8_t *out) { for (int i = 0; i < n; i++) out[i] = (uint8_t)i; }

const int *primes(int *n) { static const int all[] = {2, 3, 5, 7}; *n = 4; return all; }
float *squares(int n) { float *all = malloc(n * sizeof *all); for (int i = 0; i < n; i++) all[i] = (float)(i * i); return all; }
uint8_t *load_image(int size, int *width, int *height) { *width = 2; *height = 3; return calloc(6, size); }
const char **names(void) { static const char *all[] = {"red", "green", NULL}; return all; }

void move_point(point_t *p, float dx, float dy) { p->x += dx; p->y += dy; }
float centroid_x(const point_t *p, int n) { float s = 0; for (int i = 0; i < n; i++) s += p[i].x; return n ? s / n : 0; }
point_t make_point(int id, float x) { return (point_t){id, x, x * 2}; }
float by_value(point_t p, int n) { return p.x * n + p.y; }
single_t twice_single(single_t s) { s.only *= 2; return s; }
pair_t swap_pair(pair_t p) { return (pair_t){(int8_t)p.b, p.a}; }
void first_points(point_t *out, int n) { for (int i = 0; i < n; i++) out[i] = (point_t){i, i * 2, i * 3}; }
int list_sum(const node_t *node) { int s = 0; for (; node; node = node->next) s += node->value; return s; }
point_t *new_point(int id) { point_t *p = calloc(1, sizeof *p); p->id = id; return p; }
point_t *same_point(point_t *p) { return p; }

int divide(int a, int b, int *quot, int *rem) {
  if (b == 0) return 7;
  *quot = a / b; *rem = a % b;
  return 0;
}
const char *error_text(int status) { return status == 7 ? "division by zero" : "?"; }
int parse(const char *text, int *value, char **error) {
  char *end;
  *value = (int)strtol(text, &end, 10);
  if (*end == 0) return 0;
  *error = malloc(strlen(text) + 16);
  sprintf(*error, "not a number: %s", text);
  return 1;
}
void get_name(char **out) { *out = malloc(4); strcpy(*out, "abc"); }

int each_item(int n, int (*cb)(int i, void *user), void *user) { int s = 0; for (int i = 0; i < n; i++) s += cb(i, user); return s; }
static int (*kept)(int);
void keep_callback(int (*cb)(int)) { kept = cb; }
int call_kept(int x) { return kept(x); }
typedef struct { int (*map)(int x, void *user); void *user; } hooks_t;
static hooks_t hooks;
void set_hooks(const hooks_t *h) { hooks = *h; }
const hooks_t *get_hooks(void) { return &hooks; }
int run_hooks(int x) { return hooks.map ? hooks.map(x, hooks.user) : -1; }
static int double_it(int x, void *user) { (void)user; return 2 * x; }
hooks_t default_hooks(void) { return (hooks_t){double_it, 0}; }
int call_map(int (*map)(int x, void *user), int x) { return map(x, 0); }
int stack_user(int n, int (*cb)(int i)) { volatile int room[64]; room[n & 63] = n; return cb(n) + room[n & 63]; }
double with_all(double (*cb)(int8_t, int64_t, float, const char *, const point_t *), const point_t *p) { return cb(-3, 1ll << 40, 1.5f, "text", p); }
int sort_with(int *p, int n, int (*compare)(const void *, const void *)) { qsort(p, n, sizeof *p, compare); return p[0]; }

int join_len(const char **list, int n) { int s = 0; for (int i = 0; i < n; i++) s += list[i] ? (int)strlen(list[i]) : 100; return s; }
color_t next_color(color_t c) { return (c + 1) % 3; }
int odd_color(void) { return 77; }

counter_t *counter_new(void) { return calloc(1, sizeof(counter_t)); }
int counter_add(counter_t *c, int n) { return c->n += n; }
void counter_free(counter_t *c) { free(c); }

static long live;
void *counted_malloc(size_t n) { live++; return malloc(n); }
void counted_free(void *p) { if (p) live--; free(p); }
int live_count(void) { return (int)live; }
char *counted_text(int n) { char *t = counted_malloc((size_t)n + 1); memset(t, 'x', (size_t)n); t[n] = 0; return t; }

void *grow_by(int bytes) { return malloc((size_t)bytes); }
int grow_and_sum(const int *p, int n, int bytes) { void *more = malloc((size_t)bytes); int s = sum(p, n); free(more); return s; }
void free_argument(void *p) { free(p); }
