/* ring.h - a folder of recordings that is bounded in size and age: the flight recorder.
 *
 * A flight is what one run of the program wrote: files FLIGHT.000001.slowdive, FLIGHT.000002.slowdive ...,
 * where FLIGHT is the moment it began and the process. Each file is a recording by itself. The oldest files
 * are removed first, whose flight they are does not matter; a file that is being written is locked and stays,
 * so several programs share a folder. Files are made with mode 0600. */
#ifndef SINK_RING_H
#define SINK_RING_H

#include "base/base.h"

struct ring_limits {
    int64_t bytes;        /* of all files of the folder together */
    int64_t age_ns;       /* files that were last written earlier are removed */
    sd_time (*now)(void); /* NULL: clock_wall */
};

struct ring;
/* Makes the folder when it is missing (mode 0700), and the first file of a flight. NULL and a sentence when
 * that fails, or when others could change the folder or what is in it. */
struct ring *ring_open(const char *folder, const struct ring_limits *limits, struct sd_error *err);
void ring_free(struct ring *r); /* NULL is fine; a flight without a frame is removed */
/* The open file that the next `bytes` are appended to; it has a header. Begins the next file, and removes old
 * ones, when this one is large or old enough. -1 and a sentence. The descriptor is the ring's. */
int ring_file(struct ring *r, size_t bytes, struct sd_error *err);
const char *ring_flight(const struct ring *r); /* name of its flight */
const char *ring_folder(const struct ring *r);

/* One file of a flight. */
struct ring_entry {
    char *name;
    size_t flight; /* of the name, so many bytes are the flight's */
    int64_t bytes;
    sd_time written; /* last */
    bool open;       /* somebody writes it */
};
/* The files of a folder, flight by flight in the order they were written. Free with ring_list_free. */
struct ring_list {
    struct ring_entry *items;
    size_t n;
};
bool ring_list(const char *folder, struct ring_list *out, struct sd_error *err);
void ring_list_free(struct ring_list *l);
/* The files of one flight: out[0] ... of `l`. The flight that was written last; one that is still being
 * written only when there is no other. Count, 0: there is none. */
size_t ring_last(const struct ring_list *l, const struct ring_entry **first);
/* The same for the flight of that name. */
size_t ring_of(const struct ring_list *l, const char *flight, const struct ring_entry **first);

/* Appends the frames of a flight's files to `fd`, which has a header already. What cannot be read any more
 * because it was removed meanwhile is left out. */
bool ring_copy(const char *folder, const char *flight, int fd, const char *path, struct sd_error *err);

#endif
