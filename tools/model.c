#include "model.h"

#include "../shim/format.h"

#include <stdlib.h>

static uint64_t restart_key(uint32_t pid, uint64_t number)
{
	return hash_number(hash_number(HASH_SEED, pid), number);
}

/* The process that wrote the frame. A FRAME_PROCESS begins a new one even if the pid is known:
 * pids come back, and exec keeps them. */
static struct process *find_process(struct model *model, const struct frame *frame)
{
	void **place = table_place(&model->by_pid, hash_number(HASH_SEED, frame->pid));
	struct process *process = *place;
	if (process == NULL || frame->type == FRAME_PROCESS) {
		process = pool_allocate(&model->pool, sizeof *process);
		process->pid = frame->pid;
		process->first_ns = frame->time_ns;
		APPEND(model->processes, model->process_count, model->process_room, process);
		*place = process;
	}
	return process;
}

static void track_process(struct process *process, const struct frame *frame)
{
	/* Threads number their frames before they write them, so the order in the file is not that of the
	 * numbers: only the highest one against the count tells what is missing. */
	process->frames++;
	if (frame->sequence > process->last_sequence)
		process->last_sequence = frame->sequence;
	if (frame->time_ns > process->last_ns)
		process->last_ns = frame->time_ns;
	uint64_t lost = decode_lost(frame->fields);
	if (lost != NUMBER_ABSENT)
		process->lost = lost;
}

static void add_restart(struct model *model, struct process *process, const struct frame *frame)
{
	struct restart *restart = pool_allocate(&model->pool, sizeof *restart);
	*restart = (struct restart){process, frame->time_ns, decode_restart(&model->pool, frame->fields)};
	*table_place(&model->by_restart, restart_key(frame->pid, restart->fields.number)) = restart;
	*table_place(&model->by_restart, restart_key(0, restart->fields.number)) = restart;
	process->restarts++;
	APPEND(model->restarts, model->restart_count, model->restart_room, restart);
}

static void add_stale(struct model *model, struct process *process, const struct frame *frame)
{
	struct stale *stale = pool_allocate(&model->pool, sizeof *stale);
	stale->process = process;
	stale->modules = process->modules;
	stale->time_ns = frame->time_ns;
	stale->order = model->stale_count;
	stale->fields = decode_stale(&model->pool, frame->fields);
	process->stales++;
	APPEND(model->stales, model->stale_count, model->stale_room, stale);
}

static void add_notice(struct model *model, struct process *process, const struct frame *frame)
{
	struct remark *notice = pool_allocate(&model->pool, sizeof *notice);
	*notice = (struct remark){process, frame->time_ns, decode_notice(frame->fields)};
	APPEND(model->notices, model->notice_count, model->notice_room, notice);
}

static void set_modules(struct model *model, struct process *process, struct span fields)
{
	struct module_set *set = pool_allocate(&model->pool, sizeof *set);
	*set = decode_modules(&model->pool, fields);
	process->modules = set;
}

static void set_segment(struct model *model, struct process *process, struct span fields)
{
	struct segment *segment = pool_allocate(&model->pool, sizeof *segment);
	*segment = decode_segment(&model->pool, fields);
	process->segment = segment;
}

void model_add(struct model *model, const struct frame *frame)
{
	struct process *process = find_process(model, frame);
	track_process(process, frame);
	switch (frame->type) {
	case FRAME_PROCESS: process->fields = decode_process(frame->fields); break;
	case FRAME_MODULES: set_modules(model, process, frame->fields); break;
	case FRAME_SEGMENT: set_segment(model, process, frame->fields); break;
	case FRAME_RESTART: add_restart(model, process, frame); break;
	case FRAME_STALE: add_stale(model, process, frame); break;
	case FRAME_NOTICE: add_notice(model, process, frame); break;
	default: model->unknown_frames++; break;
	}
}

/* By process, thread and order in the file. */
static int compare_stales(const void *left, const void *right)
{
	const struct stale *a = *(struct stale *const *)left, *b = *(struct stale *const *)right;
	if (a->process->pid != b->process->pid)
		return a->process->pid < b->process->pid ? -1 : 1;
	if (a->fields.thread.tid != b->fields.thread.tid)
		return a->fields.thread.tid < b->fields.thread.tid ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* Whether an access comes before the place (pid, tid, time) in the order of compare_stales(). */
static bool is_before(const struct stale *stale, const struct restart *restart, uint64_t tid)
{
	if (stale->process->pid != restart->process->pid)
		return stale->process->pid < restart->process->pid;
	if (stale->fields.thread.tid != tid)
		return stale->fields.thread.tid < tid;
	return stale->time_ns < restart->time_ns;
}

/* Whether the first access of the thread after the restart was made by the request that was in
 * flight at the restart. A thread has one request at a time, so it is the same one exactly if it
 * began before the restart. */
static bool is_same_request(const struct stale *stale, const struct restart *restart, uint64_t tid)
{
	if (stale->process->pid != restart->process->pid || stale->fields.thread.tid != tid)
		return false;
	if (stale->fields.thread.since_ns != NUMBER_ABSENT)
		return stale->time_ns - stale->fields.thread.since_ns < restart->time_ns;
	if (stale->fields.thread.began_in != NUMBER_ABSENT)
		return stale->fields.thread.began_in < restart->fields.number;
	return false;
}

static void mark_restart(struct stale **sorted, size_t count, struct restart *restart)
{
	for (size_t i = 0; i < restart->fields.in_flight_count; i++) {
		struct in_flight *request = &restart->fields.in_flight[i];
		size_t low = 0, high = count;
		while (low < high) {
			size_t middle = low + (high - low) / 2;
			if (is_before(sorted[middle], restart, request->thread.tid))
				low = middle + 1;
			else
				high = middle;
		}
		request->later_stale = low < count && is_same_request(sorted[low], restart, request->thread.tid);
	}
}

/* Only now: an access in the middle of a restart is recorded before the restart is. Processes that
 * share a segment share its restarts, and only one of them records each. */
static void find_restart(const struct model *model, struct stale *stale)
{
	uint64_t number = stale->fields.stale_since;
	stale->restart = table_find(&model->by_restart, restart_key(stale->process->pid, number));
	if (stale->restart == NULL)
		stale->restart = table_find(&model->by_restart, restart_key(0, number));
}

void model_finish(struct model *model)
{
	for (size_t i = 0; i < model->stale_count; i++)
		find_restart(model, model->stales[i]);
	if (model->stale_count == 0)
		return;
	size_t bytes = model->stale_count * sizeof(struct stale *);
	struct stale **sorted = pool_copy(&model->pool, model->stales, bytes);
	qsort(sorted, model->stale_count, sizeof(struct stale *), compare_stales);
	for (size_t i = 0; i < model->restart_count; i++)
		mark_restart(sorted, model->stale_count, model->restarts[i]);
}

void model_clear(struct model *model)
{
	free(model->processes);
	free(model->restarts);
	free(model->stales);
	free(model->notices);
	table_clear(&model->by_pid);
	table_clear(&model->by_restart);
	pool_clear(&model->pool);
	*model = (struct model){0};
}

uint64_t process_lost(const struct process *process)
{
	uint64_t missing = process->last_sequence > process->frames ? process->last_sequence - process->frames : 0;
	return process->lost > missing ? process->lost : missing;
}

uint64_t model_lost(const struct model *model)
{
	uint64_t lost = 0;
	for (size_t i = 0; i < model->process_count; i++)
		lost += process_lost(model->processes[i]);
	return lost;
}

const struct segment *model_segment(const struct model *model)
{
	for (size_t i = 0; i < model->process_count; i++)
		if (model->processes[i]->segment != NULL)
			return model->processes[i]->segment;
	return NULL;
}
