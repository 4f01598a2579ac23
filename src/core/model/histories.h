/* histories.h - the histories (SQLite, ClickHouse) that are read: what they gave, and whose machines' figures
 * are in them. Records are the model's, until the next batch. */
#ifndef CORE_MODEL_HISTORIES_H
#define CORE_MODEL_HISTORIES_H

#include "core/model/model.h"

struct history_entry {
    const char *origin;
    const struct sd_history *given;  /* the span that was read last, with `from`; NULL: none was */
    const struct sd_history *newest; /* what it told of itself last; NULL: only its machines are known */
};
/* In the order of sight; count, at most max. */
size_t model_histories(const struct model *m, struct history_entry *out, size_t max);
/* All machines, as each history told last; count, at most max. */
size_t model_history_hosts(const struct model *m, const struct sd_history_host **out, size_t max);

#endif
