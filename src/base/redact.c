#include "base/redact.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static bool is_secret_name(const char *name, size_t len)
{
    static const char *const words[] = {"passw", "passphrase", "pwd", "secret", "token", "apikey", "api_key"};
    for (size_t w = 0; w < ARRAY_LEN(words); w++) {
        size_t n = strlen(words[w]);
        for (size_t i = 0; i + n <= len; i++)
            if (strncasecmp(name + i, words[w], n) == 0)
                return true;
    }
    return false;
}

/* Length of the value that starts at `p`: up to a blank or '&' outside of quotes. */
static size_t value_length(const char *p)
{
    size_t n = 0;
    char quote = 0;
    for (; p[n] && (quote || (p[n] != '&' && !isspace((unsigned char)p[n]))); n++) {
        if (p[n] == '\\' && p[n + 1])
            n++;
        else if (p[n] == quote)
            quote = 0;
        else if (n == 0 && (p[n] == '\'' || p[n] == '"'))
            quote = p[n];
    }
    return n;
}

static size_t last_at(const char *p, size_t end)
{
    while (end > 0 && p[end - 1] != '@')
        end--;
    return end;
}

/* After "://": where the password of "user:password@" begins and ends. Passwords with
 * unescaped '@', '/' or '?' are malformed, yet people type them. */
static bool url_password(const char *p, size_t *from, size_t *to)
{
    size_t end = strcspn(p, " \t\r\n"), authority = strcspn(p, "/?# \t\r\n");
    size_t colon = *p == '[' ? strcspn(p, "]") : 0;
    size_t at = last_at(p, authority);
    colon += strcspn(p + colon, ":");
    if (!at) {
        /* "host:5432/a@b" is a port and a path; anything else between ':' and '@' may
         * be a password. */
        size_t digits = colon < end ? strspn(p + colon + 1, "0123456789") : 0;
        if (digits && colon + 1 + digits < end && strchr("/?#,", p[colon + 1 + digits]))
            return false;
        at = last_at(p, end);
    }
    if (!at || colon >= at - 1)
        return false;
    *from = colon + 1;
    *to = at - 1;
    return true;
}

static char *redact_once(const char *p)
{
    struct strbuf out = {0};
    while (*p) {
        size_t from, to;
        if (str_starts(p, "://") && url_password(p + 3, &from, &to)) {
            strbuf_add(&out, p, 3 + from);
            strbuf_str(&out, "***");
            p += 3 + to;
            continue;
        }
        size_t name = 0;
        while (is_name(p[name]))
            name++;
        if (!name) {
            strbuf_char(&out, *p++);
            continue;
        }
        size_t sign = name + strspn(p + name, " ");
        if (p[sign] == '=' && is_secret_name(p, name)) {
            sign++;
            sign += strspn(p + sign, " ");
            strbuf_add(&out, p, sign);
            strbuf_str(&out, "***");
            p += sign + value_length(p + sign);
        } else {
            strbuf_add(&out, p, name);
            p += name;
        }
    }
    return out.text ? strbuf_detach(&out) : mem_strdup("");
}

/* What has been hidden can make the rest look like a URL or a name that it did not look
 * like before: hidden until nothing more is. Each round only shortens or settles. */
char *redact(const char *given)
{
    enum { ROUNDS = 16 };
    char *text = mem_strdup(given ? given : "");
    for (int i = 0; i < ROUNDS; i++) {
        char *next = redact_once(text);
        bool same = !strcmp(next, text);
        free(text);
        text = next;
        if (same)
            break;
    }
    return text;
}
