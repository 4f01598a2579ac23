/* lhci_preset.h - the assertions that LHCI brings along: `preset` of its configuration. Pure; any thread. */
#ifndef FORMAT_GOALS_LHCI_PRESET_H
#define FORMAT_GOALS_LHCI_PRESET_H

#include <cjson/cJSON.h>

#include "base/base.h"

/* Of "lighthouse:all", "lighthouse:recommended" and "lighthouse:no-pwa" the object `assertions`, in LHCI's
 * order
 * (@lhci/utils 0.15.1); the caller deletes it. NULL: there is no such preset. */
cJSON *lhci_preset(const char *name);

#endif
