#include "format/loads/load_json.h"

#include <math.h>
#include <string.h>

#include "base/num.h"

struct json_pull json_at(struct json_pull object, const char *path)
{
    char key[64];
    while (*path && object.at) {
        size_t n = strcspn(path, "/");
        memcpy(key, path, MIN(n, sizeof key - 1));
        key[MIN(n, sizeof key - 1)] = 0;
        object = json_find(object, key);
        path += n + (path[n] == '/');
    }
    return object;
}

double json_real_at(struct json_pull object, const char *path)
{
    struct json_pull v = json_at(object, path);
    return v.at ? json_number(&v) : (double)NAN;
}

static int64_t from_zero(double x)
{
    return x >= 0 && real_is_int(x) ? real_to_int(x) : SD_UNKNOWN;
}

int64_t json_count_at(struct json_pull object, const char *path)
{
    return from_zero(json_real_at(object, path));
}

int64_t json_ns_at(struct json_pull object, const char *path, double unit_ns)
{
    return from_zero(json_real_at(object, path) * unit_ns);
}

int64_t json_ns(struct json_pull *j, double unit_ns)
{
    return from_zero(json_number(j) * unit_ns);
}

void json_percentiles(struct json_pull object, double unit_ns, struct load_block *b)
{
    if (!object.at || !json_enter(&object, '{'))
        return;
    while (json_key(&object)) {
        struct load_span label = load_span((char *)(uintptr_t)object.key, object.key_len);
        struct json_pull value = object;
        json_skip(&object);
        load_block_set(b, label, json_ns(&value, unit_ns));
    }
}

void json_statuses(struct load_draft *d, struct json_pull object, int64_t *answers, int64_t *bad)
{
    if (!object.at || !json_enter(&object, '{'))
        return;
    while (json_key(&object)) {
        struct load_span status = load_span((char *)(uintptr_t)object.key, object.key_len);
        int64_t n = from_zero(json_number(&object));
        if (!sd_known(n) || span_is(status, "0")) /* 0: there was no answer */
            continue;
        *answers = add_sat(*answers, n);
        *bad = add_sat(*bad, load_count_status(d, status, n));
    }
}

bool span_json_names(struct load_span head, const char *const *keys)
{
    return json_names(head.at, head.n, keys);
}
