/* Keys of a cache fold to the prefixes an operator would name. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "core/caches/key_prefix.h"

static uint64_t counts[KEY_PREFIXES_MAX];

static void merged(void *ctx, uint32_t from, uint32_t into)
{
    (void)ctx;
    counts[into] += counts[from];
    counts[from] = 0;
}

static struct key_prefixes *begin(const char *const *patterns)
{
    memset(counts, 0, sizeof counts);
    return key_prefixes_new(patterns, merged, NULL);
}

static void add(struct key_prefixes *p, const char *key)
{
    counts[key_prefix_of(p, key, strlen(key))]++;
}

static uint64_t count_of(struct key_prefixes *p, const char *name)
{
    char text[KEY_PREFIX_TEXT];
    key_prefixes_settle(p);
    for (uint32_t id = 0; id < KEY_PREFIXES_MAX; id++)
        if (key_prefix_name(p, id, text) && strcmp(text, name) == 0)
            return counts[id];
    return 0;
}

static size_t number(struct key_prefixes *p)
{
    size_t n = 0;
    for (uint32_t id = 0; id < KEY_PREFIXES_MAX; id++)
        n += counts[id] > 0;
    (void)p;
    return n;
}

static void test_segments(void **state)
{
    (void)state;
    static const struct {
        const char *key, *prefix;
    } CASES[] = {
        {"user:123:cart", "user:*:cart"},
        {"user:123", "user:*"},
        {"123", "*"},
        {"", "(empty)"},
        {"homepage", "homepage"},
        {"api/v2/orders/991", "api/v2/orders/*"},
        {"session:0a8c3f1e-9b1d-4c1a-8f00-aaaaaaaaaaaa", "session:*"},
        {"session:0A8C3F1E-9B1D-4C1A-8F00-AAAAAAAAAAAA:data", "session:*:data"},
        {"blob:d41d8cd98f00b204e9800998ecf8427e", "blob:*"},
        {"event:01ARZ3NDEKTSV4RRFFQ69G5FAV", "event:*"},
        {"user:john.doe@example.com:cart", "user:*:cart"},
        {"report:2026-11-29", "report:*"},
        {"limit:10.0.0.1", "limit:*"},
        {"cart_17", "cart_*"},
        {"user_profile:12", "user_profile:*"},
        {"product-99-price", "product-*-price"},
        {"queue|17|meta", "queue|*|meta"},
        {"{user1000}.following", "user*.following"},
        {"{1000}.following", "*.following"},
        {"user1234:cart", "user*:cart"},
        {"us-east-1:node:7", "us-east-*:node:*"},
        {"sha256:v1:p99", "sha256:v1:p99"},
        {"token:eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
         "token:*"},
        {"nano:V1StGXR8_Z5jdHi6B-myT", "nano:*"},
        {"a:1:2:3", "a:*:*:*"},
        {"bin:\x01\x02\xff", "bin:*"},
        {"a:b:c:d:e:f:g:h:i:j:k:l:m:n", "a:b:c:d:e:f:g:h:i:j:k:*"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct key_prefixes *p = begin(NULL);
        char text[KEY_PREFIX_TEXT];
        uint32_t id = key_prefix_of(p, CASES[i].key, strlen(CASES[i].key));
        assert_true(key_prefix_name(p, id, text));
        if (strcmp(text, CASES[i].prefix) != 0)
            fail_msg("%s folds to %s, not to %s", CASES[i].key, text, CASES[i].prefix);
        key_prefixes_free(p);
    }
}

/* Words with many values vary; the kinds of data do not. Counts are kept through merges. */
static void test_words(void **state)
{
    (void)state;
    static const char *const PARTS[] = {"cart", "profile", "friends"};
    struct key_prefixes *p = begin(NULL);
    char key[128];
    for (int i = 0; i < 900; i++) {
        snprintf(key, sizeof key, "user:%c%c%c:%s", 'a' + i / 3 % 26, 'a' + i / 78, 'k', PARTS[i % 3]);
        add(p, key);
        snprintf(key, sizeof key, "shop:%s:%d", PARTS[i % 3], i);
        add(p, key);
        snprintf(key, sizeof key, "page%d:html", i % 60);
        add(p, key);
        snprintf(key, sizeof key, "article:%c%cat-how-%c-to", 'a' + i % 26, 'a' + i / 26 % 26, 'a' + i % 23);
        add(p, key);
    }
    assert_int_equal(count_of(p, "user:*:cart"), 300);
    assert_int_equal(count_of(p, "user:*:profile"), 300);
    assert_int_equal(count_of(p, "user:*:friends"), 300);
    assert_int_equal(count_of(p, "shop:cart:*"), 300);
    assert_int_equal(count_of(p, "shop:profile:*"), 300);
    assert_int_equal(count_of(p, "page*:html"), 900);
    assert_int_equal(count_of(p, "article:*-how-*-to"), 900);
    assert_int_equal(number(p), 8);
    key_prefixes_free(p);
}

static void test_patterns(void **state)
{
    (void)state;
    static const char *const PATTERNS[] = {"user:*:cart", "img*", NULL};
    struct key_prefixes *p = begin(PATTERNS);
    add(p, "user:7:x:cart");
    add(p, "user::cart");
    add(p, "img/1/2.png");
    add(p, "img");
    add(p, "user:7:cart2");
    assert_int_equal(count_of(p, "user:*:cart"), 1);
    assert_int_equal(count_of(p, "img*"), 1);
    assert_int_equal(count_of(p, "img"), 1);
    key_prefixes_free(p);
}

/* Whatever comes: every key is counted, in bounded memory. */
static void test_hostile(void **state)
{
    (void)state;
    struct key_prefixes *p = begin(NULL);
    uint64_t x = 1, sum = 0;
    for (int i = 0; i < 300000; i++) {
        char key[64];
        size_t n = 0;
        for (int k = 0; k < 8; k++) {
            x = x * 6364136223846793005u + 1442695040888963407u;
            key[n++] = (char)('g' + (x >> 33) % 19);
            key[n++] = (char)('g' + (x >> 40) % 19);
            key[n++] = ":/|._-1@"[(x >> 50) % 8];
        }
        counts[key_prefix_of(p, key, n)]++;
    }
    key_prefixes_settle(p);
    for (size_t i = 0; i < KEY_PREFIXES_MAX; i++)
        sum += counts[i];
    assert_int_equal(sum, 300000);
    assert_true(key_prefixes_bytes(p) < 8 << 20);
    key_prefixes_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segments),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
