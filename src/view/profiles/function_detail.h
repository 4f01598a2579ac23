/* function_detail.h - of one function: its lines, and the endpoints it runs for. Main thread only. */
#ifndef VIEW_PROFILES_FUNCTION_DETAIL_H
#define VIEW_PROFILES_FUNCTION_DETAIL_H

#include "view/profiles/shown_profile.h"

/* Sections of the doc, where there is something to say. */
void function_lines_section(struct doc *d, const struct shown_profile *x, uint32_t f);
void function_endpoints_section(struct doc *d, const struct view_ctx *c, const struct shown_profile *x,
                                uint32_t f);

/* Is that label's value the endpoint? "GET /orders/:id" is "/orders/{id}", too. */
bool label_is_endpoint(const char *value, const char *endpoint);

#endif
