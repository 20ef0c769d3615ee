// SPDX-License-Identifier: MIT
// An ordinary C program: its malloc is linmem's, and it asks linmem about a block.
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct node {
  struct node *next;
  char text[];
} node;

int main(void) {
  const char *words[] = {"heap", "stack", "arena", "slab"};
  node *list          = NULL;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    node *n = malloc(sizeof *n + strlen(words[i]) + 1);
    if (!n) return 1;
    n->next = list;
    strcpy(n->text, words[i]);
    list = n;
  }
  for (node *n = list; n; n = n->next) printf("%s (%d)\n", n->text, (int)malloc_usable_size(n));
  while (list) {
    node *next = list->next;
    free(list);
    list = next;
  }
  void *refused = malloc((size_t)-1 / 2);
  printf("half of all memory: %s\n", refused ? "allocated" : "NULL");
  return 0;
}
