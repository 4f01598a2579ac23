/* part.c - marks a module that has functions for the program itself (app/late.c) beside its sources: it must
 * be of the same version. */
#include "slowdive/source.h"
#include "version.inc"

extern const char slowdive_part[];

const char slowdive_part[] = SLOWDIVE_VERSION;
