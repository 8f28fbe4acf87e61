#include "follow.h"

#include "../shim/format.h"
#include "findings.h"
#include "message.h"
#include "words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_PER_SUMMARY = 10 };

/* A process that writes into the file. */
struct writer {
	struct pool pool; /* holds the module list and its bytes */
	struct module_set modules;
	bool has_modules;
};

static struct writer *find_writer(struct follower *follower, uint32_t pid)
{
	void **place = table_place(&follower->processes, hash_number(HASH_SEED, pid));
	if (*place == NULL)
		*place = memory_allocate(sizeof(struct writer));
	return *place;
}

static void keep_modules(struct writer *writer, struct span fields)
{
	/* The frame's bytes go away with the reader's buffer. */
	pool_clear(&writer->pool);
	struct span copy = {pool_copy(&writer->pool, fields.bytes, fields.length), fields.length};
	writer->modules = decode_modules(&writer->pool, copy);
	writer->has_modules = true;
}

/* Prints what was written into the stream as one message, and frees it. */
static void print_line(FILE *line, char **text)
{
	if (fclose(line) == 0)
		message_print("%s", *text);
	free(*text);
}

static void print_text(FILE *out, struct span text)
{
	/* message_print() escapes; here only the terminator matters. */
	for (size_t i = 0; i < text.length; i++)
		fputc(text.bytes[i] == '\0' ? '?' : text.bytes[i], out);
}

static void print_segment(struct follower *follower, struct span fields)
{
	struct segment segment = decode_segment(&follower->scratch, fields);
	char *text, size[FIGURE_ROOM];
	size_t length;
	FILE *line = open_memstream(&text, &length);
	if (line == NULL)
		return;
	fprintf(line, "recording to %s (PHP ", follower->log_path);
	print_text(line, segment.php_version);
	if (segment.size != NUMBER_ABSENT)
		fprintf(line, ", OPcache %s", figure_bytes(size, segment.size));
	if (segment.layout.length > 0) {
		fputs(", layout ", line);
		print_text(line, segment.layout);
		fputs(" verified", line);
	}
	fputc(')', line);
	print_line(line, &text);
}

static void print_restart(struct follower *follower, struct span fields)
{
	struct restart_fields restart = decode_restart(&follower->scratch, fields);
	char wasted[FIGURE_ROOM + 16] = "", pause[FIGURE_ROOM + 16] = "", figure[FIGURE_ROOM];
	follower_sum_up(follower);
	follower->restarts++;
	follower->last_restart = restart.number;
	if (restart.memory_total != NUMBER_ABSENT && restart.memory_wasted != NUMBER_ABSENT)
		snprintf(wasted, sizeof wasted, ", %s wasted",
		         figure_share(figure, restart.memory_wasted, restart.memory_total));
	if (restart.pause_ns != NUMBER_ABSENT)
		snprintf(pause, sizeof pause, ", %s", figure_duration(figure, restart.pause_ns));
	message_print("restart %" PRIu64 " (%s%s), %zu %s in flight%s", restart.number, word_reason(restart.reason), wasted,
	              restart.in_flight_count, restart.in_flight_count == 1 ? "request" : "requests", pause);
}

static void print_places(FILE *line, struct follower *follower, const struct module_set *modules,
                         const struct thread *thread)
{
	for (size_t i = 0; i < thread->native_count; i++) {
		const struct symbol *symbol = symbolizer_look_up(follower->symbolizer, modules, thread->native[i], i > 0);
		if (symbol->place_count == 0)
			continue;
		fprintf(line, " in %s", symbol->places[symbol->place_count - 1].function);
		break;
	}
	for (size_t i = 0; i < thread->php_count; i++) {
		const struct php_frame *frame = &thread->php[i];
		if (frame->file.bytes == NULL)
			continue;
		fputs(" at ", line);
		print_text(line, frame->file);
		if (frame->line != NUMBER_ABSENT)
			fprintf(line, ":%" PRIu64, frame->line);
		break;
	}
}

static void print_finding(struct follower *follower, const struct module_set *modules, const struct stale_fields *stale)
{
	char *text, after[FIGURE_ROOM];
	size_t length;
	FILE *line = open_memstream(&text, &length);
	if (line == NULL)
		return;
	fprintf(line, "stale %s by ", stale->access == ACCESS_UNKNOWN ? "access" : word_access(stale->access));
	words_print_request(line, &stale->thread);
	if (stale->stale_ns != NUMBER_ABSENT && stale->stale_since != NUMBER_ABSENT)
		fprintf(line, ", %s after restart %" PRIu64, figure_duration(after, stale->stale_ns), stale->stale_since);
	fputs(": ", line);
	words_print_object(line, stale);
	print_places(line, follower, modules, &stale->thread);
	print_line(line, &text);
}

static void add_stale(struct follower *follower, const struct writer *writer, struct span fields)
{
	struct stale_fields stale = decode_stale(&follower->scratch, fields);
	const struct module_set *modules = writer->has_modules ? &writer->modules : NULL;
	void **place = table_place(&follower->places, finding_fingerprint(follower->symbolizer, modules, &stale));
	bool is_new = *place == NULL;
	*place = follower;
	follower->stales++;
	follower->place_count += is_new;
	if (stale.stale_since != NUMBER_ABSENT)
		follower->last_restart = stale.stale_since;
	if (is_new && follower->lines_left > 0) {
		follower->lines_left--;
		print_finding(follower, modules, &stale);
		return;
	}
	follower->repeats++;
	follower->unnamed += is_new;
}

void follower_sum_up(struct follower *follower)
{
	follower->lines_left = LINES_PER_SUMMARY;
	if (follower->repeats == 0)
		return;
	char places[64] = "";
	if (follower->unnamed > 0)
		snprintf(places, sizeof places, ", %" PRIu64 " new %s", follower->unnamed,
		         follower->unnamed == 1 ? "place" : "places");
	message_print("%" PRIu64 " more stale %s after restart %" PRIu64 "%s", follower->repeats,
	              follower->repeats == 1 ? "access" : "accesses", follower->last_restart, places);
	follower->repeats = 0;
	follower->unnamed = 0;
}

/* Of each kind one in a second: what comes in numbers is in the report. */
static void print_notice(const struct frame *frame)
{
	enum { KINDS = 32 };
	static uint64_t printed_ns[KINDS];
	struct notice_fields notice = decode_notice(frame->fields);
	if (notice.notice == NOTICE_DISABLED)
		return; /* the library has said so itself, in the same words */
	uint64_t *last = &printed_ns[notice.notice % KINDS];
	if (frame->time_ns - *last < 1000000000U)
		return;
	*last = frame->time_ns;
	if (notice.text.bytes != NULL)
		message_print("%.*s", (int)notice.text.length, notice.text.bytes);
	else
		message_print("notice: %s", word_notice(notice.notice));
}

void follower_add(struct follower *follower, const struct frame *frame)
{
	struct writer *writer = find_writer(follower, frame->pid);
	if (frame->type == FRAME_MODULES)
		keep_modules(writer, frame->fields);
	else if (frame->type == FRAME_SEGMENT)
		print_segment(follower, frame->fields);
	else if (frame->type == FRAME_RESTART)
		print_restart(follower, frame->fields);
	else if (frame->type == FRAME_STALE)
		add_stale(follower, writer, frame->fields);
	else if (frame->type == FRAME_NOTICE)
		print_notice(frame);
	pool_clear(&follower->scratch);
}

void follower_clear(struct follower *follower)
{
	/* The writers go with the process: the helper ends after this. */
	symbolizer_destroy(follower->symbolizer);
	table_clear(&follower->processes);
	table_clear(&follower->places);
	pool_clear(&follower->scratch);
}
