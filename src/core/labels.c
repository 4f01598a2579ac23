#include "core/labels.h"

#include <string.h>
#include <strings.h>

/* Behind the value that begins at s: at its comma, or at the end. */
static const char *value_end(const char *s)
{
    for (; *s && *s != ','; s++)
        if (*s == '\\' && s[1])
            s++;
    return s;
}

static void copy_value(const char *s, const char *end, char *out, size_t size)
{
    size_t n = 0;
    for (; s < end && n + 1 < size; s++) {
        if (*s == '\\' && s + 1 < end) {
            s++;
            out[n++] = *s == 'n' ? '\n' : *s;
        } else {
            out[n++] = *s;
        }
    }
    out[n] = 0;
}

bool label_value(const char *labels, const char *key, char *out, size_t size)
{
    size_t len = strlen(key);
    *out = 0;
    for (const char *p = labels; p && *p;) {
        const char *equals = strchr(p, '=');
        if (!equals)
            return false;
        const char *end = value_end(equals + 1);
        if ((size_t)(equals - p) == len && !memcmp(p, key, len)) {
            copy_value(equals + 1, end, out, size);
            return true;
        }
        p = *end ? end + 1 : end;
    }
    return false;
}

void label_add(struct strbuf *labels, const char *key, const char *value)
{
    strbuf_printf(labels, "%s%s=", labels->len ? "," : "", key);
    for (const char *s = value; *s; s++) {
        if (*s == ',' || *s == '=' || *s == '\\' || *s == '\n')
            strbuf_char(labels, '\\');
        strbuf_char(labels, *s == '\n' ? 'n' : *s);
    }
}

/* ---- people ---- */

static bool is_one_of(const char *const *words, const char *text, size_t len)
{
    for (; *words; words++)
        if (strlen(*words) == len && !strncasecmp(*words, text, len))
            return true;
    return false;
}

/* "user", "db.user", "user_id", "client_address": the key as a whole, or a part of it. */
static bool names_somebody(const char *key, size_t len)
{
    static const char *const KEYS[] = {"role",
                                       "account",
                                       "client",
                                       "client_addr",
                                       "client_ip",
                                       "client_name",
                                       "client_address",
                                       "client.address",
                                       "remote_ip",
                                       "remote_addr",
                                       "ip",
                                       "addr",
                                       "address",
                                       "peer",
                                       "net.peer.ip",
                                       "net.peer.name",
                                       "source.address",
                                       "forwarded_for",
                                       "x_forwarded_for",
                                       "x-forwarded-for",
                                       "net.sock.peer.addr",
                                       "network.peer.address",
                                       "http.client_ip",
                                       NULL};
    static const char *const PARTS[] = {"user",  "enduser", "username", "usename", "login",
                                        "email", "mail",    "customer", NULL};
    if (is_one_of(KEYS, key, len))
        return true;
    for (size_t at = 0; at < len;) {
        size_t n = 0;
        while (at + n < len && key[at + n] != '.' && key[at + n] != '_' && key[at + n] != '-')
            n++;
        if (is_one_of(PARTS, key + at, n))
            return true;
        at += n + 1;
    }
    return false;
}

char *labels_hide_people(const char *labels)
{
    struct strbuf b = {0};
    if (!labels)
        return NULL;
    for (const char *at = labels; *at;) {
        size_t len = (size_t)(value_end(at) - at), key = strcspn(at, "=,");
        if (key < len && at[key] == '=' && names_somebody(at, key)) {
            strbuf_add(&b, at, key + 1);
            strbuf_str(&b, "***");
        } else {
            strbuf_add(&b, at, len);
        }
        at += len;
        if (*at == ',')
            strbuf_char(&b, *at++);
    }
    return b.text ? strbuf_detach(&b) : mem_strdup("");
}
