/* convertible.c - files with a profile that are not read: by what they are known, and how they are converted.
 */
#include "format/json_pull.h"
#include "format/profiles/profile_file.h"

struct head {
    const char *at;
    size_t len;
};

static bool has(struct head h, const char *text)
{
    return memmem(h.at, h.len, text, strlen(text));
}

static bool begins(struct head h, const char *text)
{
    return h.len >= strlen(text) && !memcmp(h.at, text, strlen(text));
}

/* ---- where the first bytes alone do not tell ---- */

static bool is_old_pprof_text(struct head h)
{
    static const char *const names[] = {"heap profile: ",
                                        "--- contention",
                                        "--- heap",
                                        "--- growth",
                                        "--- thread",
                                        "goroutine profile: total ",
                                        "threadcreate profile: total ",
                                        "--- mutex"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (begins(h, names[i]))
            return true;
    return false;
}

/* Protocols 2 to 5, whose first instruction is the protocol. */
static bool is_pickle(struct head h)
{
    return h.len > 4 && (unsigned char)h.at[0] == 0x80 && h.at[1] >= 2 && h.at[1] <= 5 &&
           memchr("}]()cXqK\x8c\x95", h.at[2], 10);
}

static bool is_callgrind(struct head h)
{
    return begins(h, "# callgrind format") || (has(h, "\nevents: ") && has(h, "\nfn=")) ||
           (begins(h, "version: 1\ncreator: ") && has(h, "\nevents: "));
}

static bool is_dtrace(struct head h)
{
    size_t frames = 0;
    if (has(h, "CPU     ID                    FUNCTION:NAME"))
        return true;
    for (const char *p = h.at, *end = h.at + h.len, *next; p < end; p = next) {
        const char *line = p, *stop = memchr(p, '\n', (size_t)(end - p));
        next = stop ? stop + 1 : end;
        while (p < next && *p == ' ')
            p++;
        const char *tick = memchr(p, '`', (size_t)(next - p)), *space = memchr(p, ' ', (size_t)(next - p));
        frames += p > line + 7 && tick && tick > p && (!space || space > tick);
    }
    return frames >= 3;
}

static bool is_bpftrace(struct head h)
{
    return (begins(h, "@[\n") || has(h, "\n@[\n")) && has(h, "\n]: ");
}

static bool is_firefox(struct head h)
{
    static const char *const libs[] = {"libs", "breakpadId", NULL}, *const old[] = {"libs", "breakpadName",
                                                                                    NULL};
    static const char *const meta[] = {"meta", "preprocessedProfileVersion", NULL};
    return json_names(h.at, h.len, libs) || json_names(h.at, h.len, old) || json_names(h.at, h.len, meta);
}

static bool is_safari(struct head h)
{
    static const char *const keys[] = {"version", "recording", "instrumentTypes", NULL};
    return json_names(h.at, h.len, keys);
}

static bool is_ghc(struct head h)
{
    static const char *const keys[] = {"program", "rts_arguments", "cost_centres", NULL};
    return has(h, "Time and Allocation Profiling Report") || json_names(h.at, h.len, keys);
}

static bool is_macos_sample(struct head h)
{
    return begins(h, "Analysis of sampling ") || begins(h, "Sampling process ");
}

static const struct {
    const char *begins;        /* with it */
    bool (*is)(struct head h); /* or so */
    const char *sentence;
} FILES[] = {
    {.is = is_old_pprof_text,
     .sentence =
         "the old text of pprof is not read; ask for it without debug=1, or convert it with: pprof -proto "
         "FILE > FILE.pb.gz"},
    {.is = is_pickle,
     .sentence = "a pickle is not read, because that runs it; of a tracemalloc snapshot make folded stacks: "
                 "python3 -c "
                 "'import sys,tracemalloc as t;[print(*x.traceback,sep=\";\",end=f\" {x.size}\\n\")for x in "
                 "t.Snapshot.load(sys.argv[1]).traces]' FILE"},
    {.begins = "FLR",
     .sentence =
         "a recording of Java's flight recorder is not read; convert it with async-profiler: jfrconv -o "
         "collapsed FILE FILE.txt"},
    {.begins = "JAVA PROFILE 1.0",
     .sentence = "a heap dump of Java is not read; Eclipse MAT shows it, and jcmd PID GC.class_histogram the "
                 "classes"},
    {.is = is_callgrind,
     .sentence = "the format of callgrind is not read; callgrind_annotate FILE shows it, and "
                 "www.speedscope.app exports "
                 "it as .speedscope.json"},
    {.is = is_firefox,
     .sentence =
         "a profile of Firefox is not read; open it in www.speedscope.app and export it as .speedscope.json"},
    {.is = is_safari,
     .sentence = "a recording of Safari is not read; open it in www.speedscope.app and export it as "
                 ".speedscope.json"},
    {.is = is_ghc,
     .sentence = "a profile of GHC is not read; convert it with: ghc-prof-flamegraph, "
                 "inferno-collapse-ghcprof FILE > "
                 "FILE.folded"},
    {.is = is_macos_sample,
     .sentence =
         "the text of sample is not read; convert it with: stackcollapse-sample.awk FILE > FILE.folded"},
    {.is = is_bpftrace,
     .sentence =
         "the text of bpftrace is not read; convert it with: stackcollapse-bpftrace.pl FILE > FILE.folded"},
    {.is = is_dtrace,
     .sentence = "the text of DTrace is not read; convert it with: stackcollapse.pl FILE > FILE.folded"},
    {.begins = "v8-version,",
     .sentence = "the log of node --prof is not read; convert it with: node --prof-process --preprocess FILE "
                 "> FILE.json"},
    {.begins = "Statistical profiling result from ",
     .sentence = "this summary has no stacks and is not read; of the log write: node --prof-process "
                 "--preprocess LOG > "
                 "FILE.json"},
    {.begins = "Nettrace",
     .sentence =
         "a trace of .NET is not read; convert it with: dotnet-trace convert --format Speedscope FILE"},
    {.begins = "SIMPLEPERF",
     .sentence =
         "a recording of simpleperf is not read; convert it with: stackcollapse.py -i FILE > FILE.folded"},
    {.begins = "MOJ", .sentence = "Austin's MOJO is not read; convert it with: mojo2austin FILE FILE.txt"},
};

const char *profile_convertible(const void *head, size_t len)
{
    struct head h = {head, len};
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++)
        if (FILES[i].begins ? begins(h, FILES[i].begins) : FILES[i].is(h))
            return FILES[i].sentence;
    return NULL;
}
