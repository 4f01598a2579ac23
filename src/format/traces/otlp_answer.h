/* otlp_answer.h - what a receiver of OTLP answers, in either encoding: the response of an export, with what
 * of it was refused, or google.rpc.Status. Pure. */
#ifndef FORMAT_TRACES_OTLP_ANSWER_H
#define FORMAT_TRACES_OTLP_ANSWER_H

#include "base/base.h"

enum otlp_signal { OTLP_TRACES, OTLP_METRICS, OTLP_LOGS };

/* Puts the response into `out`. `message` NULL: all was taken. */
void otlp_answer_taken(struct strbuf *out, bool json, enum otlp_signal signal, int64_t refused,
                       const char *message);
/* Why it failed; `status` is HTTP's, from which its code follows. */
void otlp_answer_failed(struct strbuf *out, bool json, int status, const char *message);

/* Counts the records of an export request of logs, which are not kept. False and a sentence: it is broken. */
bool otlp_count_logs(const char *bytes, size_t n, bool json, int64_t *records, struct sd_error *err);

#endif
