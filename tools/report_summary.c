/* The first paragraph. Each sentence is printed only if the record shows it. */
#include "report.h"

#include "../shim/format.h"
#include "words.h"

#include <inttypes.h>
#include <string.h>

/* "once", "412 times" */
static void write_times(FILE *out, uint64_t count)
{
	if (count == 1)
		fputs("once", out);
	else
		fprintf(out, "%" PRIu64 " times", count);
}

uint64_t report_in_flight_restarts(const struct report *report)
{
	uint64_t count = 0;
	for (size_t i = 0; i < report->model.restart_count; i++)
		count += report->model.restarts[i]->fields.in_flight_count > 0;
	return count;
}

static bool option_is(const struct report *report, const char *name, const char *value)
{
	return report->model.process_count > 0 &&
	       span_equal(option_value(report->model.processes[0]->fields.options, name), span_from(value));
}

static void write_restarts(FILE *out, const struct report *report)
{
	uint64_t restarts = report->model.restart_count, busy = report_in_flight_restarts(report);
	fputs("OPcache restarted ", out);
	write_times(out, restarts);
	if (busy == restarts)
		fprintf(out, " while other requests were running");
	else if (busy == 0)
		fprintf(out, ", never while another request was running");
	else
		fprintf(out, ", %" PRIu64 " of them while other requests were running", busy);
}

/* Accesses to content that was gone could not be served; the others were. */
static uint64_t count_unserved(const struct report *report)
{
	uint64_t count = 0;
	for (size_t i = 0; i < report->model.stale_count; i++) {
		uint64_t object = report->model.stales[i]->fields.object;
		count += object == OBJECT_RECYCLED || object == OBJECT_GUARD;
	}
	return count;
}

static void write_stales(FILE *out, const struct report *report)
{
	uint64_t stales = report->model.stale_count, unserved = count_unserved(report);
	fputs("; ", out);
	write_times(out, stales);
	fprintf(out, " a request\nused memory that a restart had freed, at %zu %s.", report->findings.count,
	        report->findings.count == 1 ? "place" : "places");
	if (unserved > 0)
		fprintf(out, " In %" PRIu64 " of these cases its content was already gone.\n", unserved);
	else
		fputs(" Without opsan such a request\n"
		      "uses whatever was written over that memory: it crashes the server, or answers wrongly.\n",
		      out);
}

static void write_quiet_outcome(FILE *out, const struct report *report)
{
	if (option_is(report, "mode", "observe"))
		fputs(".\nMode \"observe\" records restarts only: whether a request used freed memory is not known from this\n"
		      "run. Run with --mode=catch to see.\n",
		      out);
	else
		fputs(". No request used memory that a restart had freed.\n", out);
}

static bool is_disabled(const struct report *report)
{
	for (size_t i = 0; i < report->model.notice_count; i++)
		if (report->model.notices[i]->fields.notice == NOTICE_DISABLED)
			return true;
	return false;
}

static void write_nothing(FILE *out, const struct report *report)
{
	if (report->model.process_count == 0)
		fputs("The file holds no record: the server did not get as far as loading opsan, or never used OPcache.\n",
		      out);
	else if (is_disabled(report))
		fputs("opsan stepped back and watched nothing (see NOTICES), so this run says nothing about restarts.\n", out);
	else if (model_segment(&report->model) == NULL)
		fputs("No OPcache was taken over: PHP did not start, or opcache.enable (opcache.enable_cli for a command-line\n"
		      "PHP) is off. There is nothing to report.\n",
		      out);
	else
		fputs("OPcache did not restart, so no request could use memory that a restart had freed.\n", out);
}

static void write_what_happened(FILE *out, const struct report *report)
{
	if (report->model.restart_count == 0 && report->model.stale_count == 0) {
		write_nothing(out, report);
		return;
	}
	write_restarts(out, report);
	if (report->model.stale_count > 0)
		write_stales(out, report);
	else
		write_quiet_outcome(out, report);
}

static const struct restart *latest(const struct report *report)
{
	return report->model.restarts[report->model.restart_count - 1];
}

static void write_memory_cause(FILE *out, const struct restart_fields *restart)
{
	char wasted[FIGURE_ROOM], total[FIGURE_ROOM], used[FIGURE_ROOM], scripts[FIGURE_ROOM] = "";
	if (restart->memory_total == NUMBER_ABSENT || restart->memory_wasted == NUMBER_ABSENT)
		return;
	figure_bytes(wasted, restart->memory_wasted);
	figure_bytes(total, restart->memory_total);
	if (restart->scripts != NUMBER_ABSENT)
		snprintf(scripts, sizeof scripts, " for %" PRIu64 " cached scripts", restart->scripts);
	fprintf(out, "           Before the last one %s of %s were wasted (scripts invalidated or replaced)", wasted,
	        total);
	if (restart->memory_used != NUMBER_ABSENT)
		fprintf(out, ",\n           %s were in use%s", figure_bytes(used, restart->memory_used), scripts);
	fputs(".\n", out);
}

static void write_cause(FILE *out, const struct report *report)
{
	uint64_t counts[RESTART_USER + 1] = {0};
	for (size_t i = 0; i < report->model.restart_count; i++)
		if (report->model.restarts[i]->fields.reason <= RESTART_USER)
			counts[report->model.restarts[i]->fields.reason]++;
	const struct restart_fields *last = &latest(report)->fields;
	fprintf(out, "\n%sCause%s      ", report->style.strong, report->style.end);
	const char *separator = "";
	for (uint64_t reason = 0; reason <= RESTART_USER; reason++) {
		if (counts[reason] == 0)
			continue;
		fprintf(out, "%s%s (", separator, word_reason(reason));
		write_times(out, counts[reason]);
		fputc(')', out);
		separator = ", ";
	}
	fprintf(out, ".\n");
	if (last->reason == RESTART_OOM)
		write_memory_cause(out, last);
	else if (last->reason == RESTART_HASH && last->keys_max != NUMBER_ABSENT)
		fprintf(out, "           Before the last one %" PRIu64 " of %" PRIu64 " keys were in use.\n", last->keys,
		        last->keys_max);
	if (last->requested_by.present) {
		fprintf(out, "           The last one was requested by ");
		words_print_request(out, &last->requested_by);
		fputs(last->requested_by.php_count > 0 ? " at " : "", out);
		report_write_location(out, &last->requested_by);
		fputs(".\n", out);
	}
}

static void write_hit(FILE *out, struct report *report)
{
	struct request_count *requests;
	size_t count = findings_requests(&report->findings, &report->model, &requests);
	size_t shown = count > 4 && !report->verbose ? 4 : count;
	char earliest[FIGURE_ROOM], latest_text[FIGURE_ROOM];
	uint64_t lowest = NUMBER_ABSENT, highest = 0;
	for (size_t i = 0; i < report->findings.count; i++) {
		const struct finding *finding = report->findings.items[i];
		if (finding->earliest_ns < lowest)
			lowest = finding->earliest_ns;
		if (finding->latest_ns != NUMBER_ABSENT && finding->latest_ns > highest)
			highest = finding->latest_ns;
	}
	fprintf(out, "%sHit%s        ", report->style.strong, report->style.end);
	for (size_t i = 0; i < shown; i++) {
		words_print_request(out, requests[i].thread);
		fprintf(out, " (%" PRIu64 ")%s", requests[i].count, i + 1 < shown ? ", " : "");
	}
	if (shown < count)
		fprintf(out, " and %zu more", count - shown);
	if (count == 0)
		fputs("threads outside a request", out);
	if (lowest != NUMBER_ABSENT)
		fprintf(out, ";\n           earliest %s, latest %s after the restart", figure_duration(earliest, lowest),
		        figure_duration(latest_text, highest));
	fputs(".\n", out);
}

/* Advice follows from the last restart's reason alone: more would be guessing. */
static void write_help(FILE *out, const struct report *report)
{
	const struct restart_fields *last = &latest(report)->fields;
	fprintf(out, "%sWhat helps%s ", report->style.strong, report->style.end);
	if (last->reason == RESTART_USER)
		fputs("Do not call opcache_reset() while requests are running: restart the server on a deploy.\n", out);
	else if (last->reason == RESTART_HASH && last->keys_max != NUMBER_ABSENT)
		fprintf(out, "A higher opcache.max_accelerated_files: all %" PRIu64 " keys were used.\n", last->keys_max);
	else if (last->reason == RESTART_OOM && last->memory_wasted != NUMBER_ABSENT &&
	         last->memory_wasted >= last->memory_used)
		fputs("Fewer invalidations: a larger opcache.memory_consumption only delays a restart that waste causes.\n",
		      out);
	else if (last->reason == RESTART_OOM)
		fputs("A higher opcache.memory_consumption.\n", out);
	else
		fputs("Nothing that this record shows.\n", out);
}

void report_write_summary(FILE *out, struct report *report)
{
	write_what_happened(out, report);
	if (report->model.restart_count > 0)
		write_cause(out, report);
	if (report->model.stale_count > 0)
		write_hit(out, report);
	if (report->model.restart_count > 0 && report_in_flight_restarts(report) > 0)
		write_help(out, report);
}
