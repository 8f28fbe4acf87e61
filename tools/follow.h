/* The helper of opsan run: a process of its own that reads the record file while the command writes
 * it, and names on stderr what happened. It symbolizes, so that the command does not have to. */
#ifndef OPSAN_FOLLOW_H
#define OPSAN_FOLLOW_H

#include "symbolize.h"
#include "table.h"

/* Starts the helper for this process, which is about to become the command. The helper is nobody's
 * child that would have to be waited for. If it cannot be started the run goes on without it. */
void follow_start(const char *log_path, const char *command);

/* What the helper knows; one line per event, repeats summed up. Exposed for tests. */
struct follower {
	struct symbolizer *symbolizer;
	const char *log_path, *command;
	struct pool scratch;    /* of one frame */
	struct table processes; /* modules by pid */
	struct table places;    /* fingerprints of findings that were named */
	uint64_t restarts, stales, place_count, last_restart;
	uint64_t repeats, unnamed; /* stale accesses, new places that have not been summed up yet */
	int lines_left;            /* findings that may still be named before the next summary */
};

void follower_add(struct follower *follower, const struct frame *frame);
void follower_sum_up(struct follower *follower); /* to be called once per second */
void follower_clear(struct follower *follower);

#endif
