/* crux.h - answers of the Chrome UX Report's API: a record, or a history. Pure.
 * https://developer.chrome.com/docs/crux/api and .../history-api */
#ifndef FORMAT_PAGES_CRUX_H
#define FORMAT_PAGES_CRUX_H

#include "base/base.h"

enum { CRUX_FILE_MAX = 16 << 20 };

bool crux_recognise(const char *head, size_t len);
/* Adds records PAGE_FIELD of a record, PAGE_TREND of a history. False: a sentence without its subject. */
bool crux_read(const char *text, size_t len, const struct sd_host *host, struct sd_batch *b,
               struct sd_error *err);

#endif
