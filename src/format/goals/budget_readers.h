/* budget_readers.h - for the readers of the kinds of budget files; private to format/goals. */
#ifndef FORMAT_GOALS_BUDGET_READERS_H
#define FORMAT_GOALS_BUDGET_READERS_H

#include <cjson/cJSON.h>

#include "format/goals/budget_file.h"

/* One for each kind. `json` is the part of the file that is theirs. */
bool read_size_limit(struct budget_file *f, const cJSON *json, struct sd_error *err);
bool read_bundlesize(struct budget_file *f, const cJSON *json, struct sd_error *err);
bool read_bundlewatch(struct budget_file *f, const cJSON *json, struct sd_error *err);
bool read_lighthouserc(struct budget_file *f, const cJSON *json, struct sd_error *err);
bool read_budgets_json(struct budget_file *f, const cJSON *json, struct sd_error *err);
bool read_slowdive_budgets(struct budget_file *f, const cJSON *json, struct sd_error *err);

/* ---- budget_file.c ---- */
/* The value of a key; of a key twice the last counts. NULL: there is none, or it is null. */
const cJSON *json_member(const cJSON *object, const char *key);
/* Its text in the arena; NULL: there is none. False and a sentence: it is something else. */
bool json_text_member(struct budget_file *f, const cJSON *object, const char *key, const char **out,
                      struct sd_error *err);
/* A limit that is a number of bytes; false and a sentence when none can be. */
bool budget_limit_number(const cJSON *limit, int64_t *bytes, struct sd_error *err);
void budget_note(struct budget_file *f, const char *fmt, ...) SD_PRINTF(2, 3);
/* Adds a copy, once its patterns are checked. */
bool budget_add(struct budget_file *f, const struct size_budget *b, struct sd_error *err);
/* A text, or a list of texts, as patterns; `!` in front puts one to `leave`. */
bool budget_patterns(struct budget_file *f, struct size_budget *b, const cJSON *paths, struct sd_error *err);
struct assertion_block *budget_block(struct budget_file *f, const char *regex, struct sd_error *err);
void budget_assert(struct budget_file *f, struct assertion_block *b, const struct assertion *a);

#endif
