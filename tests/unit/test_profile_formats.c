/* Each format of profiles: what a small file of it gives, that it is recognised, and that every cut of it and
 * every byte changed is refused or read, never more. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

#include "format/profiles/dominators.h"
#include "format/profiles/profile_file.h"

/* What is read, as text: "name|module|kind self/total", by self. */
static char *told(const void *bytes, size_t len, enum profile_format format, const char *type)
{
    struct sd_error err = {.text = ""};
    struct profile *p = profile_read(bytes, len, format, type, "x", &err);
    struct strbuf out = {0};
    if (!p)
        return mem_strdup(err.text);
    uint32_t *order = profile_order(p);
    strbuf_printf(&out, "%s %s %s %lld:", p->format, p->types[p->chosen], p->units[p->chosen],
                  (long long)(sd_known(p->samples) ? p->samples : -1));
    for (size_t i = 0; i < p->n; i++) {
        const struct profile_function *f = &p->functions[order[i]];
        if (profile_total(p, order[i], p->chosen) != 0)
            strbuf_printf(&out, "\n%s|%s|%s %g/%g", f->name, f->module ? f->module : "",
                          f->kind ? f->kind : "", profile_self(p, order[i], p->chosen),
                          profile_total(p, order[i], p->chosen));
    }
    for (size_t i = 0; i < p->n_notes; i++)
        strbuf_printf(&out, "\n%s", p->notes[i]);
    free(order);
    profile_free(p);
    return strbuf_detach(&out);
}

static void gives(const void *bytes, size_t len, const char *type, const char *expected)
{
    char *text = told(bytes, len, PROFILE_ANY, type);
    assert_string_equal(text, expected);
    free(text);
}

/* Of a file that is its format, no cut and no changed byte does harm; 16 KiB of it at most. */
static void is_robust(const void *bytes, size_t len, enum profile_format format)
{
    char *copy = mem_alloc(len + 1);
    for (size_t i = 0; i < len; i++) {
        memcpy(copy, bytes, i);
        free(told(copy, i, format, NULL));
    }
    static const char changes[] = {0, '9', '"', '[', '{', '}', (char)0xff};
    for (size_t i = 0; i < len; i++) {
        memcpy(copy, bytes, len);
        copy[i] = changes[i % sizeof changes];
        free(told(copy, len, format, NULL));
    }
    free(copy);
}

static void is_refused(const char *text, const char *why)
{
    struct strbuf sentence = {0};
    strbuf_printf(&sentence, "cannot read the profile x: %s", why);
    gives(text, strlen(text), NULL, strbuf_text(&sentence));
    strbuf_free(&sentence);
}

static void is_read(const char *text, enum profile_format format, const char *type, const char *expected)
{
    size_t len = strlen(text);
    assert_int_equal(profile_recognise(text, len), format);
    gives(text, len, type, expected);
    is_robust(text, len, format);
}

/* `what` `n` times between two texts: it is refused with a sentence, or read. */
static void many(const char *before, const char *what, size_t n, const char *after,
                 enum profile_format format, const char *expected)
{
    struct strbuf b = {0};
    strbuf_str(&b, before);
    for (size_t i = 0; i < n; i++)
        strbuf_str(&b, what);
    strbuf_str(&b, after);
    char *text = told(strbuf_text(&b), b.len, format, NULL);
    if (!strstr(text, expected))
        fail_msg("%s", text);
    free(text);
    strbuf_free(&b);
}

/* ---- packed ---- */

static void zstd(void **state)
{
    (void)state;
    static const char text[] = "main;work 3\nmain 1\n";
    static const char expected[] = "folded stacks samples count 4:\nwork|| 3/3\nmain|| 1/4";
    char packed[256];
    size_t n = ZSTD_compress(packed, sizeof packed, text, strlen(text), 1);
    assert_int_equal(profile_recognise(packed, n), PROFILE_FOLDED);
    gives(packed, n, NULL, expected);
    /* Two frames, as `zstd a b` or pzstd write them. */
    size_t more = ZSTD_compress(packed + n, sizeof packed - n, "main;rest 5\n", 12, 1);
    gives(packed, n + more, NULL, "folded stacks samples count 9:\nrest|| 5/5\nwork|| 3/3\nmain|| 1/9");
    gives(packed, n - 3, NULL, "cannot read the profile x: its zstd data is cut or broken");
    is_robust(packed, n, PROFILE_ANY);
}

static void a_zstd_bomb(void **state)
{
    (void)state;
    size_t len = (size_t)PROFILE_FILE_MAX + 1, cap = ZSTD_compressBound(len);
    char *zeros = mem_array(len, 1), *packed = mem_realloc(NULL, cap);
    size_t n = ZSTD_compress(packed, cap, zeros, len, 1);
    free(zeros);
    gives(packed, n, NULL, "cannot read the profile x: it unpacks to more than 256 MiB");
    free(packed);
}

/* ---- V8 ---- */

#define NODE(id, name, url, line, rest)                                                                      \
    "{\"id\":" #id ",\"callFrame\":{\"functionName\":\"" name "\",\"scriptId\":\"1\",\"url\":\"" url         \
    "\",\"lineNumber\":" #line ",\"columnNumber\":0}" rest "}"

static const char CPUPROFILE[] =
    "{\"nodes\":[" NODE(1, "(root)", "", -1, ",\"hitCount\":0,\"children\":[2,5]") "," NODE(
        2, "main", "file:///srv/app.js", 0,
        ",\"hitCount\":1,\"children\":[3,4]") "," NODE(3, "", "file:///srv/app.js", 8,
                                                       ",\"hitCount\":1") "," NODE(4,
                                                                                   "caf\\u00e9 "
                                                                                   "\\ud83d\\ude00",
                                                                                   "node:fs", 3,
                                                                                   ",\"hitCount\":"
                                                                                   "2") "," NODE(5,
                                                                                                 "("
                                                                                                 "g"
                                                                                                 "a"
                                                                                                 "r"
                                                                                                 "b"
                                                                                                 "a"
                                                                                                 "g"
                                                                                                 "e"
                                                                                                 " "
                                                                                                 "c"
                                                                                                 "o"
                                                                                                 "l"
                                                                                                 "l"
                                                                                                 "e"
                                                                                                 "c"
                                                                                                 "t"
                                                                                                 "o"
                                                                                                 "r"
                                                                                                 ")",
                                                                                                 "", -1,
                                                                                                 ","
                                                                                                 "\"hitCount"
                                                                                                 "\":1") "],"
                                                                                                         "\"s"
                                                                                                         "tar"
                                                                                                         "tTi"
                                                                                                         "me"
                                                                                                         "\":"
                                                                                                         "100"
                                                                                                         "0,"
                                                                                                         "\"e"
                                                                                                         "ndT"
                                                                                                         "ime"
                                                                                                         "\":"
                                                                                                         "190"
                                                                                                         "0,"
                                                                                                         "\"s"
                                                                                                         "amp"
                                                                                                         "les"
                                                                                                         "\":"
                                                                                                         "[2,"
                                                                                                         "3,"
                                                                                                         "4,"
                                                                                                         "4,"
                                                                                                         "5],"
                                                                                                         "\"t"
                                                                                                         "ime"
                                                                                                         "Del"
                                                                                                         "tas"
                                                                                                         "\":"
                                                                                                         "[50"
                                                                                                         ",10"
                                                                                                         "0,"
                                                                                                         "200"
                                                                                                         ",-"
                                                                                                         "50,"
                                                                                                         "100"
                                                                                                         "]}";

static void cpuprofile(void **state)
{
    (void)state;
    is_read(CPUPROFILE, PROFILE_CPUPROFILE, NULL,
            "V8 CPU profile time ns 5:\n(anonymous app.js:9)|/srv/app.js| 200000/200000\n"
            "main|/srv/app.js| 100000/350000\ncaf\u00e9 \U0001f600|node:fs| 50000/50000");
    is_read(CPUPROFILE, PROFILE_CPUPROFILE, "samples",
            "V8 CPU profile samples count 5:\ncaf\u00e9 \U0001f600|node:fs| 2/2\n"
            "(anonymous app.js:9)|/srv/app.js| 1/1\n(garbage collector)||gc 1/1\nmain|/srv/app.js| 1/4");
    /* Before 2017 the tree was nested; some files have no times, others the time of day. */
    is_read(
        "{\"head\":{\"functionName\":\"(root)\",\"url\":\"\",\"hitCount\":0,\"children\":[{\"functionName\":"
        "\"f\",\"url\":\"a.js\",\"hitCount\":3,\"children\":[{\"functionName\":\"g\",\"url\":\"a.js\","
        "\"hitCount\":2,\"children\":[],\"id\":3}],\"id\":2}],\"id\":1}}",
        PROFILE_CPUPROFILE, NULL, "V8 CPU profile samples count 5:\nf|a.js| 3/5\ng|a.js| 2/2");
    is_read("{\"head\":{\"functionName\":\"f\",\"url\":\"\",\"hitCount\":2,\"children\":[],\"id\":1},"
            "\"samples\":[1,1,1],\"timestamps\":[163140599286,163140600286,163140600296]}",
            PROFILE_CPUPROFILE, NULL, "V8 CPU profile time ns 3:\nf|| 1.01e+06/1.01e+06");
}

static void broken_cpuprofiles(void **state)
{
    (void)state;
    is_refused("{\"nodes\":[{\"id\":1,\"callFrame\":{\"functionName\":\"a\"},\"children\":[2]},"
               "{\"id\":2,\"callFrame\":{\"functionName\":\"b\"},\"hitCount\":1,\"children\":[1]}]}",
               "a node of its tree is above itself");
    is_refused("{\"nodes\":[{\"id\":1,\"callFrame\":{\"functionName\":\"a\"}}],\"samples\":[7]}",
               "a sample is of a node that does not exist");
    is_refused("{\"nodes\":[{\"id\":1,\"callFrame\":{\"functionName\":\"a\"}}",
               "it has no nodes, or its JSON is cut or broken");
    many("{\"head\":", "{\"selfSize\":1,\"children\":[", 1 << 20, "", PROFILE_HEAPPROFILE, "cut or broken");
    many("{\"head\":", "[", 1 << 20, "", PROFILE_CPUPROFILE, "cut or broken");
    many("{\"nodes\":[", "{},", 2100000, "{}]}", PROFILE_CPUPROFILE, "it has more than 2,097,152 nodes");
}

static void heapprofile(void **state)
{
    (void)state;
    is_read(
        "{\"head\":{\"callFrame\":{\"functionName\":\"(root)\",\"url\":\"\"},\"selfSize\":0,\"id\":1,"
        "\"children\":["
        "{\"callFrame\":{\"functionName\":\"load\",\"url\":\"/app/a.js\",\"lineNumber\":3},\"selfSize\":100,"
        "\"id\":2,\"children\":[{\"callFrame\":{\"functionName\":\"copy\",\"url\":\"/app/b.js\"},"
        "\"selfSize\":5000,\"id\":3,\"children\":[]}]}]},\"samples\":[{\"size\":5000,\"nodeId\":3}]}",
        PROFILE_HEAPPROFILE, NULL,
        "V8 heap profile inuse_space bytes -1:\ncopy|/app/b.js| 5000/5000\nload|/app/a.js| 100/5100");
}

/* The parts of a trace come in any order; each process numbers its nodes for itself. */
static void chrome_trace(void **state)
{
    (void)state;
    static const char chunks[] =
        "{\"traceEvents\":[\n"
        "{\"pid\":1,\"tid\":1,\"ts\":30,\"ph\":\"P\",\"id\":\"0x1\",\"name\":\"ProfileChunk\",\"args\":{"
        "\"data\":"
        "{\"cpuProfile\":{\"nodes\":[{\"id\":3,\"parent\":2,\"callFrame\":{\"functionName\":\"inner\","
        "\"url\":"
        "\"a.js\"}}],\"samples\":[3,2]},\"timeDeltas\":[40,10]}}},\n"
        "{\"pid\":1,\"tid\":1,\"ts\":20,\"ph\":\"P\",\"id\":\"0x1\",\"name\":\"ProfileChunk\",\"args\":{"
        "\"data\":"
        "{\"cpuProfile\":{\"nodes\":[{\"id\":1,\"callFrame\":{\"functionName\":\"(root)\"}},{\"id\":2,"
        "\"parent\":1,"
        "\"callFrame\":{\"functionName\":\"outer\",\"url\":\"a.js\"}}],\"samples\":[2,2]},\"timeDeltas\":[5,"
        "20]}}},\n"
        "{\"pid\":2,\"tid\":1,\"ts\":25,\"ph\":\"P\",\"id\":\"0x1\",\"name\":\"ProfileChunk\",\"args\":{"
        "\"data\":"
        "{\"cpuProfile\":{\"nodes\":[{\"id\":2,\"callFrame\":{\"functionName\":\"other\",\"url\":\"b.js\"}}],"
        "\"samples\":[2,2]},\"timeDeltas\":[1,7]}}},\n"
        "]}";
    is_read(
        chunks, PROFILE_CHROME_TRACE, NULL,
        "Chrome trace time ns 6:\nouter|a.js| 60000/70000\ninner|a.js| 10000/10000\nother|b.js| 7000/7000\n"
        "The samples of 2 threads are added up.");
    is_read("{\"traceEvents\":[],\"samples\":[{\"ts\":\"10\",\"tid\":\"7\",\"sf\":2},{\"ts\":\"30\",\"tid\":"
            "\"7\",\"sf\":"
            "1}],\"stackFrames\":{\"2\":{\"name\":\"f\",\"parent\":1},\"1\":{\"name\":\"[root]\"}}}",
            PROFILE_CHROME_TRACE, NULL, "Chrome trace time ns 2:\nf|| 20000/20000\n[root]|| 0/20000");
    is_read("[{\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":1,\"dur\":2,\"name\":\"RunTask\"}]",
            PROFILE_CHROME_TRACE, NULL,
            "cannot read the profile x: it is a trace without CPU samples; record it with the JavaScript "
            "profiler on");
}

/* ---- speedscope ---- */

#define FRAMES                                                                                               \
    "\"shared\":{\"frames\":[{\"name\":\"a\"},{\"name\":\"b\",\"file\":\"b.py\"},{\"name\":\"c\"}]}"

static void speedscope(void **state)
{
    (void)state;
    is_read("{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\"," FRAMES
            ",\"profiles\":[{\"type\":"
            "\"sampled\",\"name\":\"t1\",\"unit\":\"milliseconds\",\"startValue\":0,\"endValue\":9,"
            "\"samples\":[[0,1],"
            "[0,1,2],[]],\"weights\":[3,1,5]}]}",
            PROFILE_SPEEDSCOPE, NULL,
            "speedscope time ns 3:\nb|b.py| 3e+06/4e+06\nc|| 1e+06/1e+06\na|| 0/4e+06");
    /* Profiles of one unit are added up; the active one says which unit is shown. */
    static const char several[] =
        "{\"activeProfileIndex\":1,\"profiles\":[{\"type\":\"sampled\",\"unit\":\"bytes\",\"startValue\":0,"
        "\"samples\":[[2]],\"weights\":[7]},{\"type\":\"evented\",\"unit\":\"seconds\",\"startValue\":1,"
        "\"events\":["
        "{\"type\":\"O\",\"at\":1,\"frame\":0},{\"at\":2,\"type\":\"O\",\"frame\":1},{\"type\":\"C\",\"at\":"
        "2.5,"
        "\"frame\":1},{\"type\":\"C\",\"at\":4,\"frame\":0}]},{\"type\":\"evented\",\"unit\":\"seconds\","
        "\"events\":["
        "{\"type\":\"O\",\"at\":5,\"frame\":1},{\"type\":\"C\",\"at\":6,\"frame\":1}]}]," FRAMES "}";
    is_read(several, PROFILE_SPEEDSCOPE, NULL,
            "speedscope time ns -1:\na|| 2.5e+09/3e+09\nb|b.py| 1.5e+09/1.5e+09\n"
            "The 3 profiles in the file are added up.");
    is_read(several, PROFILE_SPEEDSCOPE, "bytes",
            "speedscope bytes bytes -1:\nc|| 7/7\nThe 3 profiles in the file are added up.");
    is_refused("{" FRAMES ",\"profiles\":[{\"type\":\"sampled\",\"unit\":\"none\",\"samples\":[[3]]}]}",
               "it refers to a frame that is not in its list");
    is_refused("{" FRAMES
               ",\"profiles\":[{\"type\":\"evented\",\"unit\":\"none\",\"events\":[{\"type\":\"C\",\"at\":1,"
               "\"frame\":0}]}]}",
               "an event in it closes a frame that is not the innermost");
    many("{" FRAMES ",\"profiles\":[{\"type\":\"sampled\",\"unit\":\"none\",\"samples\":[[", "0,", 1100000,
         "0]]}]}", PROFILE_SPEEDSCOPE, "it has a stack of more than 1,048,576 frames");
    many("{\"shared\":", "{\"frames\":", 100000, "", PROFILE_SPEEDSCOPE, "it has no frames");
}

/* ---- stackprof ---- */

#define RUBY                                                                                                 \
    "\"frames\":{\"70098912279220\":{\"name\":\"Object#a\",\"file\":\"/srv/"                                 \
    "a.rb\",\"line\":3,\"total_samples\":5,"                                                                 \
    "\"samples\":2},\"12\":{\"name\":\"(sweeping)\",\"file\":\"\",\"total_samples\":3,\"samples\":3}}"

static void stackprof(void **state)
{
    (void)state;
    is_read("{\"version\":1.2,\"mode\":\"cpu\",\"interval\":1000,\"samples\":5,\"gc_samples\":3," RUBY
            ",\"raw\":[1,70098912279220,2,2,70098912279220,12,3]}",
            PROFILE_STACKPROF, NULL,
            "stackprof cpu ns 5:\n(sweeping)||gc 3e+06/3e+06\nObject#a|/srv/a.rb| 2e+06/5e+06");
    is_read("{\"version\":1.2,\"mode\":\"wall\",\"interval\":1000,\"samples\":5,\"gc_samples\":3," RUBY
            ",\"raw\":[1,70098912279220,2,2,70098912279220,12,1],\"raw_timestamp_deltas\":[10,20,500]}",
            PROFILE_STACKPROF, NULL,
            "stackprof wall ns 3:\n(sweeping)||gc 500000/500000\nObject#a|/srv/a.rb| 30000/530000");
    is_read("{\"version\":1.2,\"mode\":\"object\",\"interval\":1,\"samples\":5,\"gc_samples\":0," RUBY "}",
            PROFILE_STACKPROF, NULL,
            "stackprof object count 5:\n(sweeping)||gc 3/3\nObject#a|/srv/a.rb| 2/5\n"
            "It has no stacks; record with raw: true to see who calls whom.");
    is_refused("{\"mode\":\"cpu\",\"interval\":1,\"gc_samples\":0," RUBY ",\"raw\":[9,12,12]}",
               "a stack in it has a frame that does not exist");
    is_refused("{\"mode\":\"cpu\",\"interval\":1,\"gc_samples\":0," RUBY ",\"raw\":[1,12,1e300]}",
               "a stack in it has no number of samples");
}

/* ---- Pyroscope ---- */

static void flamebearer(void **state)
{
    (void)state;
    is_read("{\"flamebearer\":{\"names\":[\"total\",\"main\",\"work\",\"idle\"],\"levels\":[[0,10,0,0],[0,6,"
            "1,1,0,4,4,3],"
            "[1,5,5,2]],\"numTicks\":10},\"metadata\":{\"format\":\"single\",\"units\":\"samples\","
            "\"sampleRate\":100},"
            "\"timeline\":{\"startTime\":1632335270,\"samples\":[1,2],\"durationDelta\":10}}",
            PROFILE_FLAMEBEARER, NULL,
            "flamebearer samples count 10:\nwork|| 5/5\nidle|| 4/4\nmain|| 1/6\ntotal|| 0/10");
    /* Servers since 1.0 give the time of a CPU profile as samples of 1 GHz. */
    is_read("{\"flamebearer\":{\"names\":[\"total\",\"f\"],\"levels\":[[0,10,0,0],[0,10,10,1]]},\"metadata\":"
            "{\"units\":\"samples\",\"sampleRate\":1000000000}}",
            PROFILE_FLAMEBEARER, NULL, "flamebearer time ns -1:\nf|| 10/10\ntotal|| 0/10");
    static const char two[] =
        "{\"flamebearer\":{\"names\":[\"total\",\"gone\",\"new\"],\"levels\":[[0,5,0,0,7,0,0],[0,5,5,0,0,0,1,"
        "0,0,0,0,"
        "7,7,2]]},\"metadata\":{\"format\":\"double\",\"units\":\"bytes\"},\"leftTicks\":5,\"rightTicks\":7}";
    is_read(two, PROFILE_FLAMEBEARER, NULL,
            "flamebearer right bytes -1:\nnew|| 7/7\ntotal|| 0/7\n"
            "It compares two profiles: the sample types left and right.");
    is_read(two, PROFILE_FLAMEBEARER, "left",
            "flamebearer left bytes -1:\ngone|| 5/5\ntotal|| 0/5\n"
            "It compares two profiles: the sample types left and right.");
    /* A comparison by the query service: integers are text, what is 0 is left out. */
    is_read(
        "{\"flamegraph\":{\"names\":[\"total\",\"f\"],\"levels\":[{\"values\":[\"0\",\"5\",\"0\",\"0\",\"7\","
        "\"0\",\"0\"]},{\"values\":[\"0\",\"5\",\"5\",\"0\",\"7\",\"7\",\"1\"]}],\"total\":\"12\","
        "\"leftTicks\":"
        "\"5\",\"rightTicks\":\"7\"}}",
        PROFILE_FLAMEBEARER, NULL,
        "flamebearer right count -1:\nf|| 7/7\ntotal|| 0/7\n"
        "It compares two profiles: the sample types left and right.");
    is_refused("{\"flamebearer\":{\"names\":[\"a\"],\"levels\":[[0,10,10,1]]}}",
               "it refers to a name that is not in its list");
    is_refused("{\"flamebearer\":{\"names\":[\"a\"],\"levels\":[[0,10,0,0],[10,5,5,0]]}}",
               "a box in it lies on none of the level below");
    is_refused("{\"flamebearer\":{\"names\":[\"a\"],\"levels\":[[0,1,2,0]]}}",
               "a box in it has no figures, or self is more than total");
}

/* ---- Pyroscope's table of functions ---- */

static char *with_table(const char *graph, const char *table)
{
    struct sd_error err = {.text = ""};
    struct flamebearer_wish w = {.type = "cpu", .unit = "ns", .table = table, .table_len = strlen(table)};
    struct profile *p = profile_read_as(graph, strlen(graph), PROFILE_FLAMEBEARER,
                                        &(struct profile_wish){.flamebearer = &w}, "x", &err);
    struct strbuf out = {0};
    assert_non_null(p);
    for (size_t i = 0; i < p->n; i++)
        if (profile_total(p, i, 0) > 0)
            strbuf_printf(&out, "%s %g/%g ", p->functions[i].name, profile_self(p, i, 0),
                          profile_total(p, i, 0));
    strbuf_printf(&out, "of %g, cut %g", p->sums[0], p->node_cut ? p->node_cut[p->max_types] : 0);
    profile_free(p);
    return strbuf_detach(&out);
}

static void functions_table(void **state)
{
    (void)state;
    static const char graph[] =
        "{\"flamegraph\":{\"names\":[\"total\",\"f\",\"other\"],\"levels\":[{\"values\":[0,9,0,0]},"
        "{\"values\":[0,6,6,1,0,3,3,2]}],\"total\":9}}";
    static const struct {
        const char *table, *expected;
    } cases[] = {
        {"{\"functions\":{\"functions\":[{\"name\":\"f\",\"self\":\"6\",\"total\":\"6\"},{\"name\":\"g\","
         "\"self\":\"3\","
         "\"total\":\"3\"}],\"total\":\"9\"}}",
         "f 6/6 g 3/3 of 9, cut 3"},
        /* a function of that name is none that was left out */
        {"{\"functions\":{\"functions\":[{\"name\":\"f\",\"self\":\"6\",\"total\":\"6\"},{\"name\":\"other\","
         "\"self\":"
         "\"3\",\"total\":\"3\"}],\"total\":\"9\"}}",
         "f 6/6 other 3/3 of 9, cut 0"},
        /* rows are limited: others keep the figures of the graph */
        {"{\"functions\":{\"functions\":[{\"name\":\"g\",\"self\":\"3\",\"total\":\"3\"}],\"total\":\"9\"}}",
         "total 0/6 f 6/6 g 3/3 of 9, cut 3"},
        {"{\"functions\":{}}", "total 0/9 f 6/6 other 3/3 of 9, cut 0"},
        {"{\"functions\":{\"functions\":[{\"name\":\"f\",\"sel", "total 0/9 f 6/6 other 3/3 of 9, cut 0"},
        {"{\"flamegraph\":{}}", "total 0/9 f 6/6 other 3/3 of 9, cut 0"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *text = with_table(graph, cases[i].table);
        assert_string_equal(text, cases[i].expected);
        free(text);
    }
    for (size_t n = 0; n < strlen(cases[0].table); n++) { /* no cut of it does harm */
        char *cut = mem_strndup(cases[0].table, n);
        free(with_table(graph, cut));
        free(cut);
    }
}

/* ---- node --prof ---- */

static void v8_log(void **state)
{
    (void)state;
    is_read("{\"code\":[{\"name\":\"/usr/lib/"
            "libc.so.6\",\"type\":\"SHARED_LIB\"},{\"name\":\"node::Start\",\"type\":"
            "\"CPP\"},{\"name\":\"fib /srv/w.js:1:13\",\"type\":\"JS\",\"kind\":\"Opt\"},{\"name\":\" "
            "file:///srv/w.js:2:78\","
            "\"type\":\"JS\",\"kind\":\"Unopt\"}],\"functions\":[],\"ticks\":[{\"tm\":1,\"vm\":0,\"s\":[2,16,"
            "3,4,-1,77,1,0]},"
            "{\"tm\":2,\"vm\":1,\"s\":[-1,5,3,8]},{\"tm\":3,\"vm\":6,\"s\":[0,5]},{\"tm\":4,\"vm\":5,\"s\":[-"
            "1,5]}]}",
            PROFILE_V8_LOG, NULL,
            "V8 log ticks count 4:\n(garbage collector)||gc 1/1\n(unknown)|| "
            "1/1\n[libc.so.6]|libc.so.6|native 1/1\n"
            "fib|/srv/w.js|jit 1/1\n(anonymous w.js:2)|/srv/w.js|interpreted 0/2\nnode::Start||native 0/1");
    is_refused("{\"code\":[{\"name\":\"a\",\"type\":\"CPP\"}],\"ticks\":[{\"s\":[1,0]}]}",
               "a tick in it is in code that does not exist");
}

/* ---- cProfile ---- */

/* As versions of Python since 3.4 write it, where what comes again is referred to, and as those before. */
static const char PSTATS[] =
    "\373\251\3\372\11/srv/a.py\351\3\0\0\0\332\4work)\5\351\1\0\0\0r\5\0\0\0\347\0\0\0\0\0\0"
    "\340\77\347\0\0\0\0\0\0\0@{0\251\3r\2\0\0\0\351\11\0\0\0\332\10__init__)\5\351\2\0\0\0r\13"
    "\0\0\0\347\0\0\0\0\0\0\320\77r\14\0\0\0{r\1\0\0\0\251\4r\13\0\0\0r\13\0\0\0r\14\0\0\0r\14"
    "\0\0\0\60\251\3r\2\0\0\0\351\24\0\0\0r\12\0\0\0)\5r\5\0\0\0r\5\0\0\0\347\0\0\0\0\0\0\300"
    "\77r\6\0\0\0{r\1\0\0\0\251\4r\5\0\0\0r\5\0\0\0r\20\0\0\0r\6\0\0\0\60\251\3\372\1~\351\0\0"
    "\0\0\372!<built-in method builtins.sorted>)\5r\3\0\0\0r\3\0\0\0\347\0\0\0\0\0\0\360\77r\26"
    "\0\0\0{r\1\0\0\0\251\4r\3\0\0\0r\3\0\0\0r\26\0\0\0r\26\0\0\0\60\60";
static const char PSTATS_OLD[] =
    "{(\3\0\0\0u\11\0\0\0/srv/a.pyi\3\0\0\0u\4\0\0\0work(\5\0\0\0i\1\0\0\0i\1\0\0\0f\3\60.5f\1"
    "\62{0(\3\0\0\0u\11\0\0\0/srv/a.pyi\11\0\0\0u\10\0\0\0__init__(\5\0\0\0i\2\0\0\0i\2\0\0\0f"
    "\4\60.25f\4\60.25{(\3\0\0\0u\11\0\0\0/srv/a.pyi\3\0\0\0u\4\0\0\0work(\4\0\0\0i\2\0\0\0i\2"
    "\0\0\0f\4\60.25f\4\60.250(\3\0\0\0u\11\0\0\0/srv/a.pyi\24\0\0\0u\10\0\0\0__init__(\5\0\0\0"
    "i\1\0\0\0i\1\0\0\0f\5\60.125f\3\60.5{(\3\0\0\0u\11\0\0\0/srv/a.pyi\3\0\0\0u\4\0\0\0work(\4"
    "\0\0\0i\1\0\0\0i\1\0\0\0f\5\60.125f\3\60.50(\3\0\0\0u\1\0\0\0~i\0\0\0\0u!\0\0\0<built-in m"
    "ethod builtins.sorted>(\5\0\0\0i\3\0\0\0i\3\0\0\0f\1\61f\1\61{(\3\0\0\0u\11\0\0\0/srv/a.py"
    "i\3\0\0\0u\4\0\0\0work(\4\0\0\0i\3\0\0\0i\3\0\0\0f\1\61f\1\61\60\60";

static void pstats(void **state)
{
    (void)state;
    static const char expected[] =
        "cProfile time ns -1:\n<built-in method builtins.sorted>||native 1e+09/1e+09\n"
        "work|/srv/a.py|interpreted 5e+08/2e+09\n__init__:9|/srv/a.py|interpreted 2.5e+08/2.5e+08\n"
        "__init__:20|/srv/a.py|interpreted 1.25e+08/5e+08";
    assert_int_equal(profile_recognise(PSTATS, sizeof PSTATS - 1), PROFILE_PSTATS);
    assert_int_equal(profile_recognise(PSTATS_OLD, sizeof PSTATS_OLD - 1), PROFILE_PSTATS);
    gives(PSTATS, sizeof PSTATS - 1, NULL, expected);
    gives(PSTATS_OLD, sizeof PSTATS_OLD - 1, NULL, expected);
    gives(PSTATS, sizeof PSTATS - 1, "calls",
          "cProfile calls count -1:\n<built-in method builtins.sorted>||native 3/3\n"
          "__init__:9|/srv/a.py|interpreted 2/2\n__init__:20|/srv/a.py|interpreted 1/1\n"
          "work|/srv/a.py|interpreted 1/1");
    is_robust(PSTATS, sizeof PSTATS - 1, PROFILE_PSTATS);
    is_robust(PSTATS_OLD, sizeof PSTATS_OLD - 1, PROFILE_PSTATS);
    many("", "{", 1 << 20, "", PROFILE_PSTATS, "it is cut or broken, or no statistics of cProfile");
    many("", "(\377\377\377\177", 1 << 20, "", PROFILE_PSTATS, "it is cut or broken");
    many("{", "N", 13000000, "", PROFILE_PSTATS, "it has more than 12,582,912 values");
}

/* ---- heap snapshots ---- */

/* A cache holds an item, which holds the next; a text is held by the last item and by another object; an
 * array is held weakly. */
#define HEAP_META                                                                                            \
    "{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\",\"id\",\"self_size\",\"edge_count\""        \
    "],\"node_types\":[[\"hidden\",\"array\",\"string\",\"object\",\"synthetic\"],\"string\",\"numbe"        \
    "r\",\"number\",\"number\"],\"edge_fields\":[\"type\",\"name_or_index\",\"to_node\"],\"edge_type"        \
    "s\":[[\"property\",\"weak\",\"shortcut\"],\"string_or_number\",\"node\"]},\"node_count\":8},"
static const char HEAP[] = HEAP_META
    "\"nodes\":[4,0,1,0,3,4,1,3,0,2,3,2,5,10,2,3,3,7,100,2,3,3,9,200,1,2,0,11,5,0,3,4,13,1,2,1,0,15,"
    "50,0],\"edges\":[0,0,5,2,0,30,0,0,5,0,0,10,0,0,30,0,0,15,0,0,25,0,0,20,0,0,25,0,0,15,1,0,35,0,0"
    ",25],\"strings\":[\"\",\"(GC roots)\",\"Cache\",\"It\\u0065m\",\"Other\"]}";

static void heapsnapshot(void **state)
{
    (void)state;
    static const char note[] =
        "Total is what would be freed with it; above each kind of object stands what holds it.";
    struct strbuf expected = {0};
    strbuf_printf(&expected,
                  "V8 heap snapshot inuse_space bytes -1:\nItem|| 300/300\n(array)|| 50/50\nCache|| 10/310\n"
                  "(string)|| 5/5\nOther|| 1/1\n(GC roots)|| 0/316\n%s",
                  note);
    is_read(HEAP, PROFILE_HEAPSNAPSHOT, NULL, strbuf_text(&expected));
    strbuf_free(&expected);
    is_refused(HEAP_META "\"nodes\":[4,0,1,0,1],\"edges\":[0,0,5],\"strings\":[]}",
               "a reference in it is to an object that does not exist");
    is_refused(HEAP_META "\"nodes\":[4,0,1,0,2],\"edges\":[0,0,0],\"strings\":[]}",
               "it has fewer references than its objects say");
    is_refused(HEAP_META "\"nodes\":[9,0,1,0,2],\"edges\":[0,0,0],\"strings\":[]}",
               "an object in it has an unknown type, or too many references");
    many(HEAP_META "\"nodes\":[4,0,1,0,0", ",3,0,0,0,0", 4200000, "],\"edges\":[],\"strings\":[]}",
         PROFILE_HEAPSNAPSHOT, "it has more than 4,194,304 objects");
}

/* A list of a million items is one thing that holds itself. */
static void a_long_list(void **state)
{
    (void)state;
    enum { N = 1000000 };
    struct strbuf b = {0};
    strbuf_str(&b, HEAP_META "\"nodes\":[4,0,1,0,1");
    for (int i = 1; i < N; i++)
        strbuf_printf(&b, ",3,%d,0,1,%d", 2 + (i > N / 2 && i % 2), i + 1 < N);
    strbuf_str(&b, "],\"edges\":[0,0,5");
    for (int i = 2; i < N; i++)
        strbuf_printf(&b, ",0,0,%d", i * 5);
    strbuf_str(&b, "],\"strings\":[\"\",\"\",\"A\",\"B\"]}");
    char *text = told(strbuf_text(&b), b.len, PROFILE_ANY, NULL);
    assert_non_null(strstr(text, "\nA|| 749999/999999\nB|| 250000/499999"));
    free(text);
    strbuf_free(&b);
}

/* ---- dominators, against their definition ---- */

/* Which nodes does the root reach without `gone`? */
static unsigned reached(const struct graph *g, uint32_t gone)
{
    unsigned seen = gone ? 1 : 0;
    for (unsigned before = seen + 1; before != seen;) {
        before = seen;
        for (uint32_t i = 0; i < g->n; i++)
            for (uint32_t e = g->first[i]; seen & 1u << i && e < g->first[i + 1]; e++)
                if (g->to[e] != UINT32_MAX && g->to[e] != gone)
                    seen |= 1u << g->to[e];
    }
    return seen;
}

static void dominators_are_what_they_are(void **state)
{
    (void)state;
    enum { N = 14 };
    uint64_t random = 88172645463325252u;
    for (int round = 0; round < 3000; round++) {
        uint32_t first[N + 1] = {0}, to[N * 4], n = 0;
        for (uint32_t i = 0; i < N; i++) {
            for (uint32_t k = 0; k < 1 + (uint32_t)round % 3; k++) {
                random ^= random << 13, random ^= random >> 7, random ^= random << 17;
                to[n++] = random % 11 ? (uint32_t)(random >> 20) % N : UINT32_MAX;
            }
            first[i + 1] = n;
        }
        struct graph g = {.n = N, .first = first, .to = to};
        uint32_t *order, *dom = dominators(&g, &order);
        unsigned all = reached(&g, UINT32_MAX) | 1, seen = 0;
        for (uint32_t i = 0; i < N; i++) {
            assert_true(order[i] == 0 || !(all & 1u << order[i]) || seen & 1u << dom[order[i]]);
            seen |= 1u << order[i];
        }
        for (uint32_t d = 1; d < N; d++) {
            unsigned lost = all & ~reached(&g, d) & ~(1u << d); /* what d dominates */
            for (uint32_t v = 1; v < N; v++) {
                bool is = false;
                for (uint32_t up = dom[v]; all & 1u << v && up && !is; up = dom[up])
                    is = up == d;
                assert_int_equal(is, all & 1u << d && lost & 1u << v);
            }
        }
        free(dom);
        free(order);
    }
}

/* ---- gperftools ---- */

static void put_word(struct strbuf *b, uint64_t v, unsigned size, bool big)
{
    for (unsigned i = 0; i < size; i++)
        strbuf_char(b, (char)(v >> 8 * (big ? size - 1 - i : i)));
}

/* The words of all machines. */
static void gperftools(void **state)
{
    (void)state;
    static const uint64_t words[] = {0, 3, 0,      10000,  0, /* 10 ms */
                                     3, 2, 0x1010, 0x2011, 1, 1, 0x9000, 2, 1, 0x2010, 0, 1, 0};
    static const char maps[] = "1000-2000 r-xp 00000000 fe:00 5    /usr/lib/libc-2.15.so\n"
                               "2000-3000 r-xp 00000000 fe:00 6    /srv/main program\n"
                               "9000-a000 rw-p 00000000 00:00 0    [heap]\n";
    for (unsigned form = 0; form < 4; form++) {
        struct strbuf b = {0};
        for (size_t i = 0; i < ARRAY_LEN(words); i++)
            put_word(&b, words[i], form & 1 ? 4 : 8, form & 2);
        size_t stacks = b.len;
        strbuf_str(&b, maps);
        assert_int_equal(profile_recognise(strbuf_text(&b), b.len), PROFILE_GPERFTOOLS);
        gives(strbuf_text(&b), b.len, NULL,
              "gperftools cpu ns 6:\n[libc-2.15.so]|libc-2.15.so|native 3e+07/3e+07\n"
              "[main program]|main program|native 2e+07/5e+07\n<unknown>|| 1e+07/1e+07\n"
              "Names are not in the file: functions stand as the module they are in; pprof -proto PROGRAM "
              "FILE adds "
              "them.");
        gives(strbuf_text(&b), stacks - 4, NULL, "cannot read the profile x: it is cut: it has no end");
        is_robust(strbuf_text(&b), b.len, PROFILE_GPERFTOOLS);
        strbuf_free(&b);
    }
}

static void utf16(void **state)
{
    (void)state;
    static const char little[] = "\377\376m\0a\0i\0n\0;\0\344\0\075\330\000\336 \0003\0\n\0",
                      big[] = "\376\377\0m\0a\0i\0n\0;\0\344\330\075\336\000\0 \0003\0\n";
    static const char expected[] = "folded stacks samples count 3:\n\u00e4\U0001f600|| 3/3\nmain|| 0/3";
    gives(little, sizeof little - 1, NULL, expected);
    gives(big, sizeof big - 1, NULL, expected);
    is_robust(big, sizeof big - 1, PROFILE_ANY);
}

/* ---- what is not read ---- */

static void others_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *head, *says;
    } files[] = {
        {"\x80\x04\x95\x10", "a pickle is not read, because that runs it"},
        {"FLR\0\0\2\0\1", "jfrconv -o collapsed FILE FILE.txt"},
        {"JAVA PROFILE 1.0.2", "a heap dump of Java is not read"},
        {"# callgrind format\nevents: Ir\n", "the format of callgrind is not read"},
        {"version: 1\ncreator: xdebug 3\nevents: Time\n\nfl=(1) a.php\nfn=(1) main\n1 5\n", "callgrind"},
        {"{\"meta\":{\"interval\":1,\"preprocessedProfileVersion\":47}}", "a profile of Firefox is not read"},
        {"{\"version\":1,\"recording\":{\"instrumentTypes\":[]}}", "a recording of Safari is not read"},
        {"\tSun Aug  6 14:52 2023 Time and Allocation Profiling Report  (Final)\n", "ghc-prof-flamegraph"},
        {"Analysis of sampling rg (pid 64751) every 1 millisecond\n", "stackcollapse-sample.awk"},
        {"Attaching 1 probe...\n\n@[\n    vfs_read+1\n    read+5\n]: 12\n", "stackcollapse-bpftrace.pl"},
        {"\n\n              unix`trap+0x2c7\n              unix`_cmntrap+0xe6\n              rg`main\n   5\n",
         "the text of DTrace is not read"},
        {"v8-version,11,3,244,8,0\n", "node --prof-process --preprocess FILE"},
        {"Statistical profiling result from isolate.log, (5 ticks)", "this summary has no stacks"},
        {"Nettrace\x14\0\0\0!FastSer", "dotnet-trace convert --format Speedscope FILE"},
        {"--- threadz 1 ---\n\n", "the old text of pprof is not read"},
    };
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        size_t len = strlen(files[i].head) + 4;
        char *bytes = mem_alloc(len); /* what stands behind is not looked at */
        memcpy(bytes, files[i].head, len - 4);
        assert_int_equal(profile_recognise(bytes, len - 4), PROFILE_ANY);
        char *text = told(bytes, len, PROFILE_ANY, NULL);
        if (!strstr(text, files[i].says))
            fail_msg("%s: %s", files[i].head, text);
        free(text);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zstd),
        cmocka_unit_test(a_zstd_bomb),
        cmocka_unit_test(cpuprofile),
        cmocka_unit_test(broken_cpuprofiles),
        cmocka_unit_test(heapprofile),
        cmocka_unit_test(chrome_trace),
        cmocka_unit_test(speedscope),
        cmocka_unit_test(stackprof),
        cmocka_unit_test(flamebearer),
        cmocka_unit_test(functions_table),
        cmocka_unit_test(v8_log),
        cmocka_unit_test(pstats),
        cmocka_unit_test(heapsnapshot),
        cmocka_unit_test(a_long_list),
        cmocka_unit_test(dominators_are_what_they_are),
        cmocka_unit_test(gperftools),
        cmocka_unit_test(utf16),
        cmocka_unit_test(others_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
