/* capacity_internal.h - what the files of capacity_file.h's readers share. */
#ifndef CONF_CAPACITY_INTERNAL_H
#define CONF_CAPACITY_INTERNAL_H

#include "conf/capacity_file.h"
#include "conf/fields.h"

/* The mapping at the top; NULL with a sentence: there is none, or the text is not understood. `what`: "plan".
 */
const struct tree_node *capacity_root(struct fields_reader *r, struct arena *a, const char *name,
                                      const char *what, const char *text, size_t len, struct sd_error *err);
/* The first problem as the sentence, or true. */
bool capacity_done(const struct fields_reader *r, struct sd_error *err);
/* The items of a list, at most `most`, as a zeroed array in the arena; NULL, with a problem, when it is no
 * list or an empty one. */
void *capacity_array(struct fields_reader *r, const struct tree_node *list, const char *what, size_t size,
                     size_t most, size_t *n);
/* Reads the mapping below `key` of `root`, if it is there. */
void capacity_part(struct fields_reader *r, const struct tree_node *root, const char *key,
                   const struct field *f, size_t n, void *into);

#endif
