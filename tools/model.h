/* A whole record file in memory, for the report: what happened, in the order of the file. */
#ifndef OPSAN_MODEL_H
#define OPSAN_MODEL_H

#include "decode.h"
#include "table.h"

struct process {
	uint32_t pid, last_sequence; /* the highest */
	uint64_t first_ns, last_ns;
	uint64_t lost;   /* records that could not be written, as the process says */
	uint64_t frames; /* of it in this file */
	struct process_fields fields;
	const struct module_set *modules; /* the latest; NULL: none recorded */
	const struct segment *segment;    /* NULL: it never had one */
	uint64_t restarts, stales;
};

struct restart {
	struct process *process;
	uint64_t time_ns;
	struct restart_fields fields;
};

struct stale {
	struct process *process;
	const struct module_set *modules; /* as they were then */
	uint64_t time_ns;
	size_t order;                  /* among the accesses of the file */
	const struct restart *restart; /* that made the memory stale; NULL: not in the file */
	struct stale_fields fields;
};

struct remark { /* a FRAME_NOTICE */
	struct process *process;
	uint64_t time_ns;
	struct notice_fields fields;
};

struct model {
	struct pool pool;
	struct process **processes;
	struct restart **restarts;
	struct stale **stales;
	struct remark **notices;
	size_t process_count, restart_count, stale_count, notice_count;
	size_t process_room, restart_room, stale_room, notice_room;
	size_t unknown_frames;   /* of types that this version does not know */
	struct table by_pid;     /* the latest process of a pid */
	struct table by_restart; /* the latest restart of a number, and of a pid and a number */
};

/* Adds what a frame says. The frame's bytes must stay as long as the model does. */
void model_add(struct model *model, const struct frame *frame);

/* To be called once when all frames are in: finds out which of the requests that were in flight
 * at a restart used stale memory later on. */
void model_finish(struct model *model);
void model_clear(struct model *model);

/* Records that did not get into the file, or that damage took out of it. */
uint64_t process_lost(const struct process *process);
uint64_t model_lost(const struct model *model);
const struct segment *model_segment(const struct model *model); /* the first; NULL: none */

#endif
