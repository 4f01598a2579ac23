/* log_decode.h - is this a log, and the whole of one at once. */
#ifndef SOURCE_LOG_LOG_DECODE_H
#define SOURCE_LOG_LOG_DECODE_H

#include "slowdive/source.h"

bool log_is_utf16(const char *s, size_t n);
int log_recognise(const char *target, const void *head, size_t len);
enum sd_result log_decode(const struct sd_host *host, const void *bytes, size_t len, struct sd_batch *b,
                          struct sd_error *err);

#endif
