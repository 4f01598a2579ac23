/* function_worth.h - of one function: what is saved without it, and what can be done. Main thread only. */
#ifndef VIEW_PROFILES_FUNCTION_WORTH_H
#define VIEW_PROFILES_FUNCTION_WORTH_H

#include "view/profiles/shown_profile.h"

/* A section of the doc; none of a label or a thread, which are no code, nor where nothing is used. */
void function_worth_section(struct doc *d, const struct shown_profile *x, uint32_t f);

#endif
