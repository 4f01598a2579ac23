/* Payloads for receivers out of hostile names: valid JSON in valid UTF-8, within the limits, and in no text
 * for Slack a `<`. */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "format/goals/payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(char *json, size_t max)
{
    cJSON *o = cJSON_Parse(json);
    if (!o || !utf8_valid(json, strlen(json)) || strlen(json) > max)
        abort();
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(o, "text");
    if (text && strchr(text->valuestring, '<'))
        abort();
    cJSON_Delete(o);
    free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text[4];
    struct strbuf key = {0};
    for (size_t i = 0; i < 4; i++)
        text[i] = mem_strndup((const char *)data + size / 4 * i, size / 4);
    const struct goal_play steps[] = {{.text = text[2]}, {.text = text[0]}};
    const struct goal_playbook book = {.name = text[3], .steps = steps, .n_steps = 2};
    const struct goal_receiver to = {.name = text[1], .type = GOAL_WEBHOOK};
    const struct delivery_instance instances[] = {
        {.instance = text[1], .value = (double)size, .firing = true, .fired_at = SD_UNKNOWN},
        {.instance = text[2], .value = NAN, .resolved_at = (sd_time)size}};
    struct delivery d = {.incident = text[0],
                         .key = text[3],
                         .alert = text[0],
                         .kind = (enum delivery_kind)(size % DELIVERY_KIND_N),
                         .receiver = &to,
                         .unit = text[3],
                         .threshold = size % 3 ? 1 : NAN,
                         .window_ns = (int64_t)size * SD_S,
                         .reason = text[2],
                         .playbook = &book,
                         .instances = instances,
                         .n_instances = 2};
    const struct payload_about about = {.host = text[1], .console = text[3]};
    check(payload_slack(&d, &about), 8 * PAYLOAD_SLACK_MAX);
    check(payload_pagerduty(&d, &about, "KEY"), PAYLOAD_EVENT_MAX);
    check(payload_webhook(&d, &about), 1 << 20);
    check(payload_alertmanager(&d, &about), 1 << 20);
    payload_idempotency_key(&d, &key);
    for (size_t i = 0; i < key.len; i++)
        if (key.text[i] <= ' ' || key.text[i] > '~')
            abort();
    strbuf_free(&key);
    for (size_t i = 0; i < 4; i++)
        free(text[i]);
    return 0;
}
