#include "findings.h"

#include <stdlib.h>

static uint64_t hash_php_frame(uint64_t hash, const struct php_frame *frame)
{
	hash = hash_span(hash, frame->class_name);
	hash = hash_span(hash, frame->function);
	hash = hash_span(hash, frame->file);
	return hash_number(hash, frame->line);
}

uint64_t finding_fingerprint(struct symbolizer *symbolizer, const struct module_set *modules,
                             const struct stale_fields *stale)
{
	const struct thread *thread = &stale->thread;
	uint64_t hash = hash_number(HASH_SEED, stale->access);
	hash = hash_number(hash, stale->via);
	hash = hash_number(hash, stale->object);
	for (size_t i = 0; i < thread->native_count; i++)
		hash = hash_number(hash, symbolizer_look_up(symbolizer, modules, thread->native[i], i > 0)->fingerprint);
	hash = hash_number(hash, thread->native_count);
	for (size_t i = 0; i < thread->php_count; i++)
		hash = hash_php_frame(hash, &thread->php[i]);
	return hash;
}

static void widen(uint64_t *lowest, uint64_t *highest, uint64_t number)
{
	if (number == NUMBER_ABSENT)
		return;
	if (*lowest == NUMBER_ABSENT || number < *lowest)
		*lowest = number;
	if (*highest == NUMBER_ABSENT || number > *highest)
		*highest = number;
}

static bool began_later(const struct stale_fields *stale)
{
	const uint64_t began = stale->thread.began_in;
	return began != NUMBER_ABSENT && stale->generation != NUMBER_ABSENT && began > stale->generation;
}

static uint64_t later(uint64_t highest, uint64_t number)
{
	return number != NUMBER_ABSENT && (highest == NUMBER_ABSENT || number > highest) ? number : highest;
}

static void add_stale(struct findings *findings, const struct stale *stale, uint64_t fingerprint)
{
	void **place = table_place(&findings->by_fingerprint, fingerprint);
	struct finding *finding = *place;
	if (finding == NULL) {
		finding = pool_allocate(&findings->pool, sizeof *finding);
		*finding = (struct finding){
		    .fingerprint = fingerprint,
		    .first = stale,
		    .first_restart = NUMBER_ABSENT,
		    .last_restart = NUMBER_ABSENT,
		    .earliest_ns = NUMBER_ABSENT,
		    .latest_ns = NUMBER_ABSENT,
		    .handler_ns_max = NUMBER_ABSENT,
		};
		APPEND(findings->items, findings->count, findings->room, finding);
		*place = finding;
	}
	finding->last = stale;
	finding->by_later_requests += began_later(&stale->fields);
	finding->handler_ns_max = later(finding->handler_ns_max, stale->fields.handler_ns);
	finding->count++;
	widen(&finding->first_restart, &finding->last_restart, stale->fields.stale_since);
	widen(&finding->earliest_ns, &finding->latest_ns, stale->fields.stale_ns);
}

static int compare_findings(const void *left, const void *right)
{
	const struct finding *a = *(struct finding *const *)left, *b = *(struct finding *const *)right;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return a->first->order < b->first->order ? -1 : a->first->order > b->first->order;
}

void findings_collect(struct findings *findings, const struct model *model, struct symbolizer *symbolizer)
{
	for (size_t i = 0; i < model->stale_count; i++) {
		const struct stale *stale = model->stales[i];
		add_stale(findings, stale, finding_fingerprint(symbolizer, stale->modules, &stale->fields));
	}
	if (findings->count > 0)
		qsort(findings->items, findings->count, sizeof(struct finding *), compare_findings);
}

void findings_clear(struct findings *findings)
{
	free(findings->items);
	table_clear(&findings->by_fingerprint);
	pool_clear(&findings->pool);
	*findings = (struct findings){0};
}

static int compare_requests(const void *left, const void *right)
{
	const struct request_count *a = left, *b = right;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	/* Any fixed order will do, as long as two runs of the report agree. */
	uint64_t first = hash_span(hash_span(HASH_SEED, a->thread->method), a->thread->uri);
	uint64_t second = hash_span(hash_span(HASH_SEED, b->thread->method), b->thread->uri);
	return first < second ? -1 : first > second;
}

size_t findings_requests(struct findings *findings, const struct model *model, struct request_count **requests)
{
	struct table seen = {0};
	struct request_count *items = pool_allocate(&findings->pool, model->stale_count * sizeof *items);
	size_t count = 0;
	for (size_t i = 0; i < model->stale_count; i++) {
		const struct thread *thread = &model->stales[i]->fields.thread;
		if (thread->uri.bytes == NULL)
			continue;
		void **place = table_place(&seen, hash_span(hash_span(HASH_SEED, thread->method), thread->uri));
		if (*place == NULL) {
			items[count] = (struct request_count){thread, 0};
			*place = &items[count++];
		}
		((struct request_count *)*place)->count++;
	}
	table_clear(&seen);
	if (count > 0)
		qsort(items, count, sizeof *items, compare_requests);
	*requests = items;
	return count;
}
