/* third_party.h - what spares the cost of a third party: a facade, a deferral, or a copy of one's own. Pure.
 */
#ifndef CORE_PAGES_THIRD_PARTY_H
#define CORE_PAGES_THIRD_PARTY_H

#include "base/base.h"

/* A sentence for an entity as Lighthouse names it ("YouTube"), or for the host of a URL; never NULL. */
const char *third_party_advice(const char *entity);

#endif
