#include "base/redact.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

enum { ROUNDS = 16, LEARNED_MIN = 4, OPAQUE_USER = 20 };

/* Where the text goes that may be shown, and what was hidden, when somebody wants it. */
struct redaction {
    struct strbuf out;
    struct secrets *learned; /* NULL: not wanted */
};

struct secrets {
    char **words;
    size_t n, cap;
    bool any; /* also one too short to be kept */
};

/* ---- what is hidden ---- */

static void learn(struct secrets *s, const char *p, size_t n)
{
    if (n < LEARNED_MIN)
        return;
    s->words = mem_grow(s->words, s->n, &s->cap, sizeof *s->words);
    s->words[s->n++] = mem_strndup(p, n);
}

/* All of it, and its parts: programs cut what they were given before they quote it. */
static void learn_parts(struct secrets *s, const char *p, size_t n)
{
    static const char BETWEEN[] = " \t\r\n'\"`:;,@/=&?#\\";
    s->any = s->any || n;
    learn(s, p, n);
    for (size_t i = 0; i < n;) {
        size_t from = i;
        while (i < n && !strchr(BETWEEN, p[i]))
            i++;
        if (i - from < n)
            learn(s, p + from, i - from);
        i += i < n;
    }
}

static void hide(struct redaction *r, const char *p, size_t n)
{
    strbuf_str(&r->out, "***");
    if (r->learned)
        learn_parts(r->learned, p, n);
}

/* ---- names that speak of a secret ---- */

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static bool is_secret_name(const char *name, size_t len)
{
    static const char *const parts[] = {
        "passw",         "passphrase", "pwd",        "secret",     "token",     "apikey",      "api_key",
        "api-key",       "credential", "access_key", "access-key", "accesskey", "private_key", "privatekey",
        "authorization", "signature",  "cookie",     "session_id", "sessionid"};
    static const char *const names[] = {"pass", "key", "sig", "auth", "pw", "bearer", "jwt", "userpwd"};
    for (size_t w = 0; w < ARRAY_LEN(parts); w++) {
        size_t n = strlen(parts[w]);
        for (size_t i = 0; i + n <= len; i++)
            if (strncasecmp(name + i, parts[w], n) == 0)
                return true;
    }
    for (size_t w = 0; w < ARRAY_LEN(names); w++)
        if (len == strlen(names[w]) && strncasecmp(name, names[w], len) == 0)
            return true;
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

/* After a name at p[0..name): where its value begins, if `p` goes on with a sign that
 * gives it one, and how long it is. NAME=value, "NAME": "value" as in JSON, and headers:
 * "Authorization: ..." holds all of the line. */
static bool secret_value(const char *p, size_t name, size_t *from, size_t *len)
{
    if (!is_secret_name(p, name))
        return false;
    bool quoted = p[name] == '"' || p[name] == '\'';
    size_t sign = name + quoted + strspn(p + name + quoted, " ");
    bool header = memchr(p, '-', name) || strncasecmp(p, "authorization", name) == 0 ||
                  strncasecmp(p, "cookie", name) == 0;
    if (p[sign] != '=' && !(p[sign] == ':' && (quoted || header)))
        return false;
    bool line = p[sign] == ':' && !quoted;
    sign++;
    *from = sign + strspn(p + sign, " ");
    *len = line ? strcspn(p + *from, "'\"\r\n") : value_length(p + *from);
    return true;
}

/* "Bearer x", "Basic eDp5": the length of the word and the blank, or 0. */
static size_t scheme_length(const char *p, size_t name)
{
    bool bearer = name == 6 && strncasecmp(p, "bearer", 6) == 0;
    if ((!bearer && !(name == 5 && strncasecmp(p, "basic", 5) == 0)) || p[name] != ' ')
        return 0;
    const char *v = p + name + 1;
    size_t n = strcspn(v, " \t\r\n'\"`;,"), letters = 0;
    while (letters < n && islower((unsigned char)v[letters]))
        letters++;
    return n >= LEARNED_MIN && (letters < n || (bearer && n >= OPAQUE_USER)) ? name + 1 : 0;
}

/* ---- users of URLs ---- */

static size_t last_at(const char *p, size_t end)
{
    while (end > 0 && p[end - 1] != '@')
        end--;
    return end;
}

/* After "://": where the password of "user:password@" begins and ends. Passwords with
 * unescaped '@', '/' or '?' are malformed, yet people type them: it ends at the last
 * '@' there is. */
static bool url_password(const char *p, size_t *from, size_t *to)
{
    size_t end = strcspn(p, " \t\r\n"), authority = strcspn(p, "/?# \t\r\n");
    size_t colon = *p == '[' ? strcspn(p, "]") : 0;
    size_t at = last_at(p, end);
    colon += strcspn(p + colon, ":");
    /* "host:5432/a@b" is a port and a path, and so is what comes without an '@'; anything
     * else behind ':' may be a password. */
    size_t digits = colon < end ? strspn(p + colon + 1, "0123456789") : 0;
    bool port = digits && strchr("/, \t\r\n", p[colon + 1 + digits]);
    if (!last_at(p, authority) && (port || colon >= end))
        return false;
    if (!at && colon + 1 < end) /* a password with blanks in it */
        at = last_at(p, strcspn(p, "\r\n"));
    if (at && colon >= at - 1) { /* no password: a long user is a token */
        *from = 0;
        *to = at - 1;
        return last_at(p, authority) == at && at > OPAQUE_USER;
    }
    if (!at && (colon >= authority || colon + 1 == authority))
        return false;
    *from = colon + 1;
    *to = at ? at - 1 : end;
    return true;
}

/* "user:password@host" without a scheme in front. */
static bool bare_password(const char *p, size_t name, size_t *from, size_t *to)
{
    size_t end = strcspn(p, " \t\r\n'\"");
    if (p[name] != ':' || p[name + 1] == '/' || !p[name + 1])
        return false;
    size_t at = last_at(p, end);
    *from = name + 1;
    *to = at ? at - 1 : 0;
    return at > name + 2;
}

/* ---- all of it ---- */

/* What is at `p` and hides something: bytes taken, or 0. */
static size_t hide_at(struct redaction *r, const char *p, size_t name)
{
    size_t from, to, len;
    if (!name) {
        if (!str_starts(p, "://"))
            return 0;
        if (!url_password(p + 3, &from, &to)) { /* hosts and ports are no user and password */
            len = 3 + strcspn(p + 3, "/?# \t\r\n'\"");
            strbuf_add(&r->out, p, len);
            return len;
        }
        strbuf_add(&r->out, p, 3 + from);
        hide(r, p + 3 + from, to - from);
        return 3 + to;
    }
    if (secret_value(p, name, &from, &len)) {
        strbuf_add(&r->out, p, from);
        hide(r, p + from, len);
        return from + len;
    }
    if ((from = scheme_length(p, name)) != 0) {
        len = strcspn(p + from, " \t\r\n'\"`;,");
        strbuf_add(&r->out, p, from);
        hide(r, p + from, len);
        return from + len;
    }
    if (bare_password(p, name, &from, &to)) {
        strbuf_add(&r->out, p, from);
        hide(r, p + from, to - from);
        return to;
    }
    return 0;
}

static char *redact_once(const char *p, struct secrets *learned)
{
    struct redaction r = {.learned = learned};
    while (*p) {
        size_t name = 0;
        while (is_name(p[name]))
            name++;
        size_t taken = hide_at(&r, p, name);
        if (!taken) {
            taken = MAX(name, 1);
            strbuf_add(&r.out, p, taken);
        }
        p += taken;
    }
    return r.out.text ? strbuf_detach(&r.out) : mem_strdup("");
}

/* What has been hidden can make the rest look like a URL or a name that it did not look
 * like before: hidden until nothing more is. Each round only shortens or settles. */
static char *redact_all(const char *given, struct secrets *learned)
{
    char *text = mem_strdup(given ? given : "");
    for (int i = 0; i < ROUNDS; i++) {
        char *next = redact_once(text, learned);
        bool same = !strcmp(next, text);
        free(text);
        text = next;
        if (same)
            break;
    }
    return text;
}

char *redact(const char *given)
{
    return redact_all(given, NULL);
}

/* ---- commands ---- */

static bool is_plain_word(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)p[i]) && !strchr("_./+-", p[i]))
            return false;
    return n > 0 && *p != '-';
}

/* NAME=value in front of a command, without quotes or anything else that a shell reads. */
static bool is_assignment(const char *p, size_t n)
{
    const char *eq = memchr(p, '=', n);
    if (!eq || eq == p || isdigit((unsigned char)*p))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)p[i]) && !strchr("_=./:@%+,-", p[i]))
            return false;
    return true;
}

/* The file of an interpreter: "python3 source.py". */
static bool is_script(const char *p, size_t n)
{
    static const char *const endings[] = {".py", ".sh", ".pl", ".rb", ".js", ".lua", ".php"};
    for (size_t i = 0; i < ARRAY_LEN(endings); i++)
        if (n > strlen(endings[i]) && !memcmp(p + n - strlen(endings[i]), endings[i], strlen(endings[i])))
            return is_plain_word(p, n);
    return false;
}

static const char *next_word(const char *p, size_t *n)
{
    p += strspn(p, " \t\r\n");
    *n = strcspn(p, " \t\r\n");
    return p;
}

char *redact_command(const char *given)
{
    size_t n;
    struct strbuf out = {0};
    const char *p = next_word(given ? given : "", &n);
    while (is_assignment(p, n))
        p = next_word(p + n, &n);
    if (is_plain_word(p, n)) {
        strbuf_add(&out, p, n);
        p = next_word(p + n, &n);
        if (is_script(p, n)) {
            strbuf_char(&out, ' ');
            strbuf_add(&out, p, n);
            p = next_word(p + n, &n);
        }
    }
    if (*p)
        strbuf_str(&out, out.len ? " ..." : "...");
    return out.text ? strbuf_detach(&out) : mem_strdup("");
}

/* Options whose value is a secret or holds one: -u user:password, -H "Name: value". */
static bool takes_secret(const char *p, size_t n, size_t *attached)
{
    static const char *const words[] = {"-u",       "-p",     "-a",         "-H",       "-U",
                                        "-b",       "--user", "--pass",     "--header", "--proxy-user",
                                        "--cookie", "--auth", "--password", "--key",    "--oauth2-bearer"};
    *attached = 0;
    if (n > 2 && p[0] == '-' && p[1] == 'p' && p[2] != '-') { /* mysql's -pPASSWORD */
        *attached = 2;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        size_t k = strlen(words[i]);
        if (n >= k && !memcmp(p, words[i], k) && (n == k || p[k] == '=' || (k == 2 && p[1] != 'p'))) {
            *attached = n == k ? 0 : k + (p[k] == '=');
            return true;
        }
    }
    return n > 2 && str_starts(p, "--") && !memchr(p, '=', n) && is_secret_name(p + 2, n - 2);
}

/* A word of a shell with the quotes it begins with. */
static size_t shell_word(const char *p)
{
    size_t n = 0;
    char quote = 0;
    for (; p[n] && (quote || !strchr(" \t\r\n;|&", p[n])); n++) {
        if (p[n] == quote)
            quote = 0;
        else if (!quote && (p[n] == '\'' || p[n] == '"'))
            quote = p[n];
    }
    return n;
}

struct secrets *secrets_of(const char *given)
{
    struct secrets *s = mem_alloc(sizeof *s);
    free(redact_all(given, s));
    for (const char *p = given ? given : ""; *p;) {
        size_t attached, n = shell_word(p);
        if (takes_secret(p, n, &attached)) {
            if (!attached) {
                p += n + strspn(p + n, " \t");
                n = shell_word(p);
            }
            learn_parts(s, p + attached, n - attached);
        }
        p += n + (p[n] != 0);
    }
    return s;
}

void secrets_add(struct secrets *s, const char *word)
{
    if (word)
        learn(s, word, strlen(word));
}

static size_t secret_at(const struct secrets *s, const char *p)
{
    size_t longest = 0;
    for (size_t i = 0; i < s->n; i++)
        if (str_starts(p, s->words[i]))
            longest = MAX(longest, strlen(s->words[i]));
    return longest;
}

char *secrets_hide(const struct secrets *s, const char *text)
{
    struct strbuf out = {0};
    for (const char *p = text ? text : ""; *p;) {
        size_t n = s ? secret_at(s, p) : 0;
        if (n)
            strbuf_str(&out, "***");
        else
            strbuf_char(&out, *p);
        p += MAX(n, 1);
    }
    char *shown = redact(strbuf_text(&out));
    strbuf_free(&out);
    return shown;
}

bool secrets_any(const struct secrets *s)
{
    return s->any;
}

void secrets_free(struct secrets *s)
{
    for (size_t i = 0; s && i < s->n; i++) {
        explicit_bzero(s->words[i], strlen(s->words[i]));
        free(s->words[i]);
    }
    if (s)
        free(s->words);
    free(s);
}
