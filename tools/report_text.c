#include "report.h"

#include "words.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

enum { RESTARTS_SHOWN = 10, DETAILED_RESTARTS = 3, REQUESTS_SHOWN = 8, FINDINGS_SHOWN = 25 };

static void write_title(FILE *out, const struct report *report, const char *title)
{
	fprintf(out, "\n%s%s%s", report->style.title, title, report->style.end);
}

/* The file, and what ran: one line, for the reader who got the report without its story. */
static void write_heading(FILE *out, const struct report *report)
{
	const struct segment *segment = model_segment(&report->model);
	char size[FIGURE_ROOM];
	fputs(report->style.quiet, out);
	span_print(out, span_from(report->path));
	if (report->model.process_count > 0) {
		const struct process *process = report->model.processes[0];
		fputs(": ", out);
		span_print(out, process->fields.command);
		fprintf(out, "%spid %" PRIu32, process->fields.command.length > 0 ? ", " : "", process->pid);
	}
	if (segment != NULL) {
		fputs(", PHP ", out);
		span_print(out, segment->php_version);
		if (segment->size != NUMBER_ABSENT)
			fprintf(out, ", OPcache %s", figure_bytes(size, segment->size));
	}
	fprintf(out, "%s\n\n", report->style.end);
}

/* What is not in the report although it happened. */
static void write_gaps(FILE *out, const struct report *report)
{
	const struct reader *reader = &report->reader;
	uint64_t lost = model_lost(&report->model);
	if (reader->torn_bytes > 0)
		fprintf(out,
		        "The file is torn: its last %" PRIu64 " bytes are an incomplete record. Everything before is shown.\n",
		        reader->torn_bytes);
	if (reader->damaged > 0)
		fprintf(out,
		        "The file is damaged at %" PRIu64 " %s: %" PRIu64
		        " bytes were skipped, the records around are shown.\n",
		        reader->damaged, reader->damaged == 1 ? "place" : "places", reader->skipped_bytes);
	if (lost > 0)
		fprintf(out, "%" PRIu64 " records were lost before they reached the file: the counts here are too low.\n",
		        lost);
	if (report->model.unknown_frames > 0)
		fprintf(out, "%zu records are of kinds that this opsan does not know; a later one shows them.\n",
		        report->model.unknown_frames);
	if (reader->torn_bytes > 0 || reader->damaged > 0 || lost > 0 || report->model.unknown_frames > 0)
		fputc('\n', out);
}

enum { COLUMNS = 8, CELL_ROOM = 96 };
static const int widths[COLUMNS] = {8, 13, 15, 15, 17, 11, 13, 9};

static void write_row(FILE *out, char cells[COLUMNS][CELL_ROOM])
{
	for (int i = 0; i < COLUMNS; i++) {
		int columns = (int)span_columns(span_from(cells[i]));
		fprintf(out, "%*s", columns < widths[i] ? widths[i] - columns : 1, "");
		fputs(cells[i], out);
	}
	fputc('\n', out);
}

static uint64_t count_later_stale(const struct restart_fields *restart)
{
	uint64_t count = 0;
	for (size_t i = 0; i < restart->in_flight_count; i++)
		count += restart->in_flight[i].later_stale;
	return count;
}

static void figure_pair(char cell[CELL_ROOM], uint64_t part, uint64_t whole, bool with_share)
{
	char first[FIGURE_ROOM], second[FIGURE_ROOM];
	if (part == NUMBER_ABSENT) {
		snprintf(cell, CELL_ROOM, "-");
		return;
	}
	figure_bytes(first, part);
	if (whole == NUMBER_ABSENT || whole == 0)
		snprintf(cell, CELL_ROOM, "%s", first);
	else if (with_share)
		snprintf(cell, CELL_ROOM, "%s %s", first, figure_share(second, part, whole));
	else
		snprintf(cell, CELL_ROOM, "%s/%s", first, figure_bytes(second, whole));
}

static void duration_cell(char cell[CELL_ROOM], uint64_t duration)
{
	char figure[FIGURE_ROOM];
	snprintf(cell, CELL_ROOM, "%s", duration == NUMBER_ABSENT ? "-" : figure_duration(figure, duration));
}

static void write_restart_row(FILE *out, const struct restart *restart)
{
	char cells[COLUMNS][CELL_ROOM];
	const struct restart_fields *fields = &restart->fields;
	uint64_t begin = restart->process->first_ns;
	snprintf(cells[0], CELL_ROOM, "%" PRIu64, fields->number);
	duration_cell(cells[1], restart->time_ns >= begin ? restart->time_ns - begin : NUMBER_ABSENT);
	snprintf(cells[2], CELL_ROOM, "%s", word_reason(fields->reason));
	figure_pair(cells[3], fields->memory_wasted, fields->memory_total, true);
	figure_pair(cells[4], fields->strings_used, fields->strings_total, false);
	snprintf(cells[5], CELL_ROOM, "%zu", fields->in_flight_count);
	snprintf(cells[6], CELL_ROOM, "%" PRIu64, count_later_stale(fields));
	duration_cell(cells[7], fields->pause_ns);
	write_row(out, cells);
}

static void write_requester(FILE *out, const char *what, const struct thread *thread)
{
	if (!thread->present)
		return;
	fprintf(out, "      %s ", what);
	words_print_request(out, thread);
	if (thread->php_count > 0)
		fputs("  ", out);
	report_write_location(out, thread);
	fputc('\n', out);
}

static void write_in_flight(FILE *out, const struct report *report, const struct restart_fields *restart)
{
	size_t count = restart->in_flight_count;
	size_t shown = count > REQUESTS_SHOWN && !report->verbose ? REQUESTS_SHOWN : count;
	char age[FIGURE_ROOM];
	for (size_t i = 0; i < shown; i++) {
		const struct thread *thread = &restart->in_flight[i].thread;
		fputs("      in flight ", out);
		words_print_request(out, thread);
		if (thread->since_ns != NUMBER_ABSENT)
			fprintf(out, ", since %s", figure_duration(age, thread->since_ns));
		fputs(thread->php_count > 0 ? "  at " : "", out);
		report_write_location(out, thread);
		if (restart->in_flight[i].later_stale)
			fprintf(out, "  %sused freed memory later%s", report->style.alarm, report->style.end);
		fputc('\n', out);
	}
	if (shown < count)
		fprintf(out, "      … and %zu more (--verbose)\n", count - shown);
}

static void write_restarts(FILE *out, const struct report *report)
{
	size_t count = report->model.restart_count;
	size_t shown = count > RESTARTS_SHOWN && !report->verbose ? RESTARTS_SHOWN : count;
	char heads[COLUMNS][CELL_ROOM] = {"", "when", "reason", "wasted", "strings", "in flight", "later stale", "pause"};
	if (count == 0)
		return;
	write_title(out, report, "RESTARTS");
	fputs(", newest first\n", out);
	write_row(out, heads);
	for (size_t i = 0; i < shown; i++) {
		const struct restart *restart = report->model.restarts[count - 1 - i];
		write_restart_row(out, restart);
		if (i >= DETAILED_RESTARTS && !report->verbose)
			continue;
		write_requester(out, "requested by", &restart->fields.requested_by);
		write_requester(out, "carried out by", &restart->fields.carried_out_by);
		write_in_flight(out, report, &restart->fields);
	}
	if (shown < count)
		fprintf(out, "  … and %zu earlier ones (--verbose)\n", count - shown);
}

static void write_range(FILE *out, const struct finding *finding)
{
	if (finding->first_restart == NUMBER_ABSENT)
		return;
	if (finding->first_restart == finding->last_restart)
		fprintf(out, ", restart %" PRIu64, finding->first_restart);
	else
		fprintf(out, ", restarts %" PRIu64 "–%" PRIu64, finding->first_restart, finding->last_restart);
}

/* "read of … through the kernel, 0.8 ms after restart 7, thread php-11 (tid 4733)" */
static void write_access(FILE *out, const struct stale *stale)
{
	static const char *const ways[] = {"", " by the kernel, in a system call", " while a response was being written"};
	const struct stale_fields *fields = &stale->fields;
	char after[FIGURE_ROOM];
	fprintf(out, "  first: %s%s", fields->access == 0 ? "access" : word_access(fields->access),
	        fields->via < 3 ? ways[fields->via] : "");
	if (fields->stale_ns != NUMBER_ABSENT)
		fprintf(out, ", %s after", figure_duration(after, fields->stale_ns));
	if (fields->stale_since != NUMBER_ABSENT)
		fprintf(out, "%s restart %" PRIu64, fields->stale_ns == NUMBER_ABSENT ? ", after" : "", fields->stale_since);
	else if (fields->stale_ns != NUMBER_ABSENT)
		fputs(" the restart", out);
	fputs(", by ", out);
	words_print_request(out, &fields->thread);
	if (fields->thread.uri.bytes != NULL && fields->thread.tid != NUMBER_ABSENT) {
		fputs(" (thread ", out);
		span_print(out, fields->thread.name);
		fprintf(out, "%stid %" PRIu64 ")", fields->thread.name.length > 0 ? ", " : "", fields->thread.tid);
	}
	fputc('\n', out);
}

static void write_object(FILE *out, const struct report *report, const struct stale_fields *stale)
{
	fprintf(out, "  at     %s", report->style.strong);
	words_print_object(out, stale);
	fputs(report->style.end, out);
	if (stale->generation != NUMBER_ABSENT)
		fprintf(out, ", generation %" PRIu64, stale->generation);
	if (stale->current != NUMBER_ABSENT && stale->current != stale->generation)
		fprintf(out, ", current was %" PRIu64, stale->current);
	fputc('\n', out);
}

static void write_restart_reference(FILE *out, const struct stale *stale)
{
	if (stale->restart == NULL)
		return;
	const struct restart_fields *restart = &stale->restart->fields;
	fprintf(out, "  cause  restart %" PRIu64 " (%s)", restart->number, word_reason(restart->reason));
	if (restart->requested_by.present) {
		fputs(", requested by ", out);
		words_print_request(out, &restart->requested_by);
		fputs(restart->requested_by.php_count > 0 ? " at " : "", out);
		report_write_location(out, &restart->requested_by);
	}
	fputc('\n', out);
}

static void write_finding(FILE *out, struct report *report, size_t number)
{
	const struct finding *finding = report->findings.items[number];
	char title[FIGURE_ROOM];
	snprintf(title, sizeof title, "FINDING %zu of %zu", number + 1, report->findings.count);
	write_title(out, report, title);
	fprintf(out, "   %" PRIu64 " %s", finding->count, finding->count == 1 ? "time" : "times");
	write_range(out, finding);
	fputs(", last by ", out);
	words_print_request(out, &finding->last->fields.thread);
	fputc('\n', out);
	write_access(out, finding->first);
	write_object(out, report, &finding->first->fields);
	write_restart_reference(out, finding->first);
	report_write_stacks(out, report, finding->first->modules, &finding->first->fields.thread);
}

static void write_findings(FILE *out, struct report *report)
{
	size_t count = report->findings.count;
	size_t shown = count > FINDINGS_SHOWN && !report->verbose ? FINDINGS_SHOWN : count;
	for (size_t i = 0; i < shown; i++)
		write_finding(out, report, i);
	if (shown < count)
		fprintf(out, "\n… and %zu more findings (--verbose)\n", count - shown);
}

static void write_notices(FILE *out, const struct report *report)
{
	if (report->model.notice_count == 0)
		return;
	write_title(out, report, "NOTICES\n");
	for (size_t i = 0; i < report->model.notice_count; i++) {
		const struct remark *notice = report->model.notices[i];
		fputs("  ", out);
		if (notice->fields.text.bytes != NULL)
			span_print(out, notice->fields.text);
		else
			fputs(word_notice(notice->fields.notice), out);
		if (notice->fields.count != NUMBER_ABSENT)
			fprintf(out, " (%" PRIu64 ")", notice->fields.count);
		fputc('\n', out);
	}
}

void report_write_text(FILE *out, struct report *report)
{
	write_heading(out, report);
	write_gaps(out, report);
	report_write_summary(out, report);
	write_restarts(out, report);
	write_findings(out, report);
	write_notices(out, report);
	if (report->verbose)
		report_write_details(out, report);
	else if (report->findings.count > 0)
		fputs("\nModules, settings, and how each frame was resolved: opsan report --verbose\n", out);
}
