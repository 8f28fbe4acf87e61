/* docs/report-json.md describes what this writes; additions keep the version, changes raise it. */
#include "report.h"

#include "../shim/format.h"
#include "json_writer.h"
#include "words.h"

enum { SCHEMA_VERSION = 1 };

static void write_php_stack(struct json *json, const struct thread *thread)
{
	json_array_begin(json, "php_stack");
	for (size_t i = 0; i < thread->php_count; i++) {
		const struct php_frame *frame = &thread->php[i];
		json_object_begin(json, NULL);
		json_span(json, "class", frame->class_name);
		json_span(json, "function", frame->function);
		json_span(json, "file", frame->file);
		json_number(json, "line", frame->line);
		json_object_end(json);
	}
	json_array_end(json);
}

static void write_native_place(struct json *json, const struct symbol *symbol, size_t i)
{
	static const struct symbol_place nameless = {0};
	const struct symbol_place *place = symbol->place_count == 0 ? &nameless : &symbol->places[i];
	json_object_begin(json, NULL);
	json_text(json, "function", place->function);
	json_text(json, "file", place->file);
	json_number(json, "line", place->line > 0 ? (uint64_t)place->line : UINT64_MAX);
	json_span(json, "module", symbol->module != NULL ? symbol->module->path : (struct span){0});
	json_address(json, "module_offset", symbol->module == NULL ? UINT64_MAX : symbol->offset);
	json_address(json, "address", symbol->address);
	json_boolean(json, "inlined", place->inlined);
	json_text(json, "why", symbol->why);
	json_object_end(json);
}

static void write_native_stack(struct json *json, struct report *report, const struct module_set *modules,
                               const struct thread *thread)
{
	json_array_begin(json, "native_stack");
	for (size_t i = 0; i < thread->native_count; i++) {
		const struct symbol *symbol = symbolizer_look_up(report->symbolizer, modules, thread->native[i], i > 0);
		size_t places = symbol->place_count == 0 ? 1 : symbol->place_count;
		for (size_t k = 0; k < places; k++)
			write_native_place(json, symbol, k);
	}
	json_array_end(json);
}

static void write_request(struct json *json, const struct thread *thread)
{
	if (thread->method.bytes == NULL && thread->uri.bytes == NULL) {
		json_null(json, "request");
		return;
	}
	json_object_begin(json, "request");
	json_span(json, "method", thread->method);
	json_span(json, "uri", thread->uri);
	json_number(json, "running_ns", thread->since_ns);
	json_number(json, "began_in_generation", thread->began_in);
	json_object_end(json);
}

static void write_thread(struct json *json, const char *name, const struct thread *thread)
{
	json_object_begin(json, name);
	json_number(json, "tid", thread->tid);
	json_span(json, "name", thread->name);
	json_object_end(json);
}

/* A thread with its request and PHP stack; null when it is not known. */
static void write_requester(struct json *json, const char *name, const struct thread *thread)
{
	if (!thread->present) {
		json_null(json, name);
		return;
	}
	json_object_begin(json, name);
	write_thread(json, "thread", thread);
	write_request(json, thread);
	write_php_stack(json, thread);
	json_object_end(json);
}

static void write_object(struct json *json, const struct stale_fields *stale)
{
	bool known = stale->object_address != NUMBER_ABSENT && stale->address != NUMBER_ABSENT &&
	             stale->address >= stale->object_address;
	json_object_begin(json, "object");
	json_text(json, "kind", word_object(stale->object));
	json_span(json, "text", stale->object_text);
	json_number(json, "offset", known ? stale->address - stale->object_address : UINT64_MAX);
	json_number(json, "size", stale->object_size);
	json_address(json, "address", stale->object_address);
	json_object_end(json);
}

static void write_finding(struct json *json, struct report *report, const struct finding *finding)
{
	const struct stale *first = finding->first;
	char id[20];
	snprintf(id, sizeof id, "%016llx", (unsigned long long)finding->fingerprint);
	json_object_begin(json, NULL);
	json_text(json, "kind", "stale_access");
	json_text(json, "id", id);
	json_number(json, "count", finding->count);
	json_text(json, "access", word_access(first->fields.access));
	json_text(json, "via", word_via(first->fields.via));
	json_address(json, "address", first->fields.address);
	write_object(json, &first->fields);
	json_number(json, "generation", first->fields.generation);
	json_number(json, "current_generation", first->fields.current);
	json_number(json, "restart", first->fields.stale_since);
	json_number(json, "first_restart", finding->first_restart);
	json_number(json, "last_restart", finding->last_restart);
	json_number(json, "after_restart_ns", first->fields.stale_ns);
	json_number(json, "earliest_after_restart_ns", finding->earliest_ns);
	json_number(json, "latest_after_restart_ns", finding->latest_ns);
	json_number(json, "by_later_requests", finding->by_later_requests);
	json_number(json, "handler_ns_max", finding->handler_ns_max);
	json_number(json, "time_ns", first->time_ns);
	json_number(json, "last_time_ns", finding->last->time_ns);
	json_number(json, "pid", first->process->pid);
	write_thread(json, "thread", &first->fields.thread);
	write_request(json, &first->fields.thread);
	write_native_stack(json, report, first->modules, &first->fields.thread);
	json_boolean(json, "native_truncated", first->fields.thread.truncated == 1);
	write_php_stack(json, &first->fields.thread);
	json_boolean(json, "php_unreadable", first->fields.thread.php_unreadable == 1);
	json_object_end(json);
}

static void write_in_flight(struct json *json, const struct restart_fields *restart)
{
	json_array_begin(json, "in_flight");
	for (size_t i = 0; i < restart->in_flight_count; i++) {
		const struct thread *thread = &restart->in_flight[i].thread;
		json_object_begin(json, NULL);
		write_thread(json, "thread", thread);
		write_request(json, thread);
		write_php_stack(json, thread);
		json_boolean(json, "later_stale", restart->in_flight[i].later_stale);
		json_object_end(json);
	}
	json_array_end(json);
}

static void write_figures(struct json *json, const struct restart_fields *restart)
{
	json_object_begin(json, "memory");
	json_number(json, "total", restart->memory_total);
	json_number(json, "used", restart->memory_used);
	json_number(json, "free", restart->memory_free);
	json_number(json, "wasted", restart->memory_wasted);
	json_object_end(json);
	json_object_begin(json, "strings");
	json_number(json, "total", restart->strings_total);
	json_number(json, "used", restart->strings_used);
	json_number(json, "count", restart->strings_count);
	json_object_end(json);
	json_number(json, "scripts", restart->scripts);
	json_number(json, "keys", restart->keys);
	json_number(json, "keys_max", restart->keys_max);
	json_number(json, "slots", restart->slots);
	json_boolean(json, "slots_rewound", restart->rewound == 1);
	json_number(json, "kept_bytes", restart->kept_bytes);
	json_number(json, "recycled_generations", restart->recycled);
}

static void write_restart(struct json *json, const struct restart *restart)
{
	const struct restart_fields *fields = &restart->fields;
	bool known = fields->pause_ns != NUMBER_ABSENT;
	json_object_begin(json, NULL);
	json_number(json, "number", fields->number);
	json_number(json, "time_ns", restart->time_ns);
	json_number(json, "pid", restart->process->pid);
	json_text(json, "reason", word_reason(fields->reason));
	write_requester(json, "requested_by", &fields->requested_by);
	write_requester(json, "carried_out_by", &fields->carried_out_by);
	json_number(json, "pause_us", known ? fields->pause_ns / 1000 : UINT64_MAX);
	json_number(json, "restart_ns", fields->restart_ns);
	json_number(json, "waited_ns", fields->waited_ns);
	write_figures(json, fields);
	write_in_flight(json, fields);
	json_object_end(json);
}

static void write_segment(struct json *json, const struct segment *segment)
{
	if (segment == NULL) {
		json_null(json, "segment");
		return;
	}
	json_object_begin(json, "segment");
	json_span(json, "php_version", segment->php_version);
	json_span(json, "php_abi", segment->php_abi);
	json_span(json, "layout", segment->layout);
	json_address(json, "address", segment->address);
	json_number(json, "size", segment->size);
	json_number(json, "reserved", segment->reserved);
	json_array_begin(json, "settings");
	for (size_t i = 0; i < segment->setting_count; i++) {
		json_object_begin(json, NULL);
		json_span(json, "name", segment->settings[i].name);
		json_span(json, "value", segment->settings[i].value);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static void write_process(struct json *json, const struct process *process)
{
	json_object_begin(json, NULL);
	json_number(json, "pid", process->pid);
	json_span(json, "command", process->fields.command);
	json_span(json, "executable", process->fields.executable);
	json_span(json, "opsan_version", process->fields.version);
	json_span(json, "kernel", process->fields.kernel);
	json_span(json, "libc", process->fields.libc);
	json_span(json, "options", process->fields.options);
	json_number(json, "first_time_ns", process->first_ns);
	json_number(json, "last_time_ns", process->last_ns);
	json_number(json, "restarts", process->restarts);
	json_number(json, "stale_accesses", process->stales);
	json_number(json, "lost", process_lost(process));
	write_segment(json, process->segment);
	json_object_end(json);
}

static void write_notice(struct json *json, const struct remark *notice)
{
	json_object_begin(json, NULL);
	json_text(json, "kind", word_notice(notice->fields.notice));
	json_span(json, "text", notice->fields.text);
	json_number(json, "count", notice->fields.count);
	json_number(json, "time_ns", notice->time_ns);
	json_number(json, "pid", notice->process->pid);
	json_object_end(json);
}

static void write_summary(struct json *json, const struct report *report)
{
	json_object_begin(json, "summary");
	json_number(json, "restarts", report->model.restart_count);
	json_number(json, "restarts_with_requests_in_flight", report_in_flight_restarts(report));
	json_number(json, "stale_accesses", report->model.stale_count);
	json_number(json, "findings", report->findings.count);
	json_number(json, "notices", report->model.notice_count);
	json_number(json, "lost", model_lost(&report->model));
	json_boolean(json, "torn_tail", report->reader.torn_bytes > 0);
	json_number(json, "torn_bytes", report->reader.torn_bytes);
	json_number(json, "damaged_places", report->reader.damaged);
	json_number(json, "skipped_bytes", report->reader.skipped_bytes);
	json_number(json, "unknown_frames", report->model.unknown_frames);
	json_object_end(json);
}

void report_write_json(FILE *out, struct report *report)
{
	struct json json = {.out = out};
	const struct model *model = &report->model;
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "opsan-report");
	json_number(&json, "version", SCHEMA_VERSION);
	json_text(&json, "opsan_version", OPSAN_VERSION);
	json_text(&json, "file", report->path);
	write_summary(&json, report);
	json_array_begin(&json, "findings");
	for (size_t i = 0; i < report->findings.count; i++)
		write_finding(&json, report, report->findings.items[i]);
	json_array_end(&json);
	json_array_begin(&json, "restarts");
	for (size_t i = 0; i < model->restart_count; i++)
		write_restart(&json, model->restarts[i]);
	json_array_end(&json);
	json_array_begin(&json, "processes");
	for (size_t i = 0; i < model->process_count; i++)
		write_process(&json, model->processes[i]);
	json_array_end(&json);
	json_array_begin(&json, "notices");
	for (size_t i = 0; i < model->notice_count; i++)
		write_notice(&json, model->notices[i]);
	json_array_end(&json);
	json_object_end(&json);
}
