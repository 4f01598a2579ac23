/* v8_nodes.h - the nodes of V8's profiles, in a .cpuprofile, a .heapprofile or a trace of Chrome: a function
 * each, with the nodes it calls. Pure; one thread. */
#ifndef FORMAT_PROFILES_V8_NODES_H
#define FORMAT_PROFILES_V8_NODES_H

#include "format/json_pull.h"
#include "format/profiles/profile_tree.h"

/* Samples of a node at a line. */
struct v8_line {
    uint32_t node;
    int64_t line;
    double ticks;
};

struct v8 {
    struct profile *p;
    struct profile_tree tree;
    struct strbuf name, url;
    struct json_pull node; /* the whole of the one that is read */
    bool nested;
    struct v8_line *lines;
    size_t n_lines, cap_lines;
    bool absolute; /* times of samples are since a beginning, not since the sample before */
};

/* The samples of one thread as they go: what passed until the next one belongs to the one before. */
struct v8_clock {
    uint32_t node; /* the last sample's + 1; 0: none yet */
    double elapsed, last;
};

void v8_free(struct v8 *x);
/* The number of the function of V8's "callFrame" that comes. */
uint32_t v8_function(struct v8 *x, struct json_pull *frame);
/* "nodes", a list, whose ids are read as `base` + id. */
void v8_list(struct v8 *x, struct json_pull nodes, uint64_t base);
/* "head", the outermost node, with all others in it. */
void v8_nested(struct v8 *x, struct json_pull head);
/* When the nodes have their figures: those of lines, by the ticks of each. */
void v8_lines_end(struct v8 *x);
/* "samples", their times (us) and lines, which may be absent: the first figure of a node is its time, in ns.
 * False: an id of a node that does not exist. */
bool v8_samples(struct v8 *x, struct json_pull samples, struct json_pull times, struct json_pull lines,
                uint64_t base, struct v8_clock *clock);
/* The next sample, of a node + 1, `delta` us behind the one before. */
void v8_tick(struct v8 *x, struct v8_clock *clock, uint32_t node, double delta);

#endif
