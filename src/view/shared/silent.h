/* silent.h - did something that had steady traffic fall silent? */
#ifndef VIEW_SHARED_SILENT_H
#define VIEW_SHARED_SILENT_H

#include "view/shared/worst.h"

enum { SILENT_PARTS = 120 };

/* The time that is looked back over for it, divided into SILENT_PARTS. */
struct span silent_span(const struct view_ctx *c);

struct silence {
    sd_time since; /* about; at a part's end */
    double rate;   /* per second, before */
};
/* `events`: of each part, NAN unknown. It fell silent when 20 or more would have been expected since, and the
 * silence is more than three times as long as any pause before. */
bool silent_since(const double events[SILENT_PARTS], struct span s, struct silence *out);
/* A row of the overview for it. */
void silent_add(const struct view_ctx *c, struct worst_list *l, const struct silence *s, const char *subject,
                struct dive dive);

#endif
