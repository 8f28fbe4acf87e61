#include "words.h"

#include "../shim/format.h"

#include <inttypes.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *pick(const char *const *words, size_t count, uint64_t number)
{
	return number < count && words[number] != NULL ? words[number] : "unknown";
}

const char *word_access(uint64_t access)
{
	static const char *const words[] = {
	    [ACCESS_UNKNOWN] = "unknown", [ACCESS_READ] = "read", [ACCESS_WRITE] = "write", [ACCESS_EXECUTE] = "execute"};
	return pick(words, COUNT(words), access);
}

const char *word_via(uint64_t via)
{
	static const char *const words[] = {[VIA_CPU] = "cpu", [VIA_KERNEL] = "kernel", [VIA_OUTPUT] = "output"};
	return pick(words, COUNT(words), via);
}

const char *word_object(uint64_t object)
{
	static const char *const words[] = {
	    [OBJECT_UNKNOWN] = "unknown",   [OBJECT_SCRIPT] = "script", [OBJECT_STRING] = "string",
	    [OBJECT_HASH] = "hash",         [OBJECT_JIT] = "jit",       [OBJECT_ALLOCATOR] = "allocator",
	    [OBJECT_RECYCLED] = "recycled", [OBJECT_GUARD] = "guard",
	};
	return pick(words, COUNT(words), object);
}

const char *word_reason(uint64_t reason)
{
	static const char *const words[] = {
	    [RESTART_OOM] = "out of memory", [RESTART_HASH] = "hash full", [RESTART_USER] = "reset"};
	return pick(words, COUNT(words), reason);
}

const char *word_notice(uint64_t notice)
{
	static const char *const words[] = {
	    [NOTICE_DISABLED] = "disabled",           [NOTICE_WAIT] = "wait",
	    [NOTICE_SLOTS_KEPT] = "slots_kept",       [NOTICE_STRINGS_FULL] = "strings_full",
	    [NOTICE_LINK_REMOVED] = "link_removed",   [NOTICE_STORE_REFUSED] = "store_refused",
	    [NOTICE_GUARD_FAILED] = "guard_failed",   [NOTICE_JIT_FULL] = "jit_full",
	    [NOTICE_HANDLER_FAULT] = "handler_fault", [NOTICE_GUARD] = "guard",
	};
	return pick(words, COUNT(words), notice);
}

/* What each kind of object is called when there is no text for it. */
static const char *object_phrase(uint64_t object)
{
	static const char *const phrases[] = {
	    [OBJECT_UNKNOWN] = "something in OPcache's memory",
	    [OBJECT_SCRIPT] = "a cached script",
	    [OBJECT_STRING] = "an interned string",
	    [OBJECT_HASH] = "OPcache's hash table of scripts",
	    [OBJECT_JIT] = "the JIT's code or tables",
	    [OBJECT_ALLOCATOR] = "OPcache's memory between scripts",
	    [OBJECT_RECYCLED] = "memory whose content had been given back",
	    [OBJECT_GUARD] = "a guard page",
	};
	return object < COUNT(phrases) ? phrases[object] : phrases[OBJECT_UNKNOWN];
}

void words_print_object(FILE *out, const struct stale_fields *stale)
{
	if (stale->object_text.bytes == NULL) {
		fputs(object_phrase(stale->object), out);
	} else if (stale->object == OBJECT_STRING) {
		fputs("interned string \"", out);
		span_print(out, stale->object_text);
		fputs("\"", out);
	} else {
		fputs(stale->object == OBJECT_SCRIPT ? "script " : object_phrase(stale->object), out);
		if (stale->object != OBJECT_SCRIPT)
			fputc(' ', out);
		span_print(out, stale->object_text);
	}
	if (stale->object_address != NUMBER_ABSENT && stale->address != NUMBER_ABSENT &&
	    stale->address >= stale->object_address)
		fprintf(out, " + %" PRIu64, stale->address - stale->object_address);
}

void words_print_request(FILE *out, const struct thread *thread)
{
	if (thread->uri.bytes != NULL || thread->method.bytes != NULL) {
		span_print(out, thread->method);
		if (thread->method.length > 0 && thread->uri.length > 0)
			fputc(' ', out);
		span_print(out, thread->uri);
		return;
	}
	fputs("thread", out);
	if (thread->name.length > 0) {
		fputc(' ', out);
		span_print(out, thread->name);
	}
	if (thread->tid != NUMBER_ABSENT)
		fprintf(out, " (tid %" PRIu64 ")", thread->tid);
}

void words_print_php_function(FILE *out, const struct php_frame *frame)
{
	if (frame->class_name.length > 0) {
		span_print(out, frame->class_name);
		fputs("::", out);
	}
	if (frame->function.length > 0)
		span_print(out, frame->function);
	else
		fputs("{main}", out);
}

char *figure_bytes(char room[FIGURE_ROOM], uint64_t bytes)
{
	static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
	double value = (double)bytes;
	size_t unit = 0;
	while (value >= 1024 && unit + 1 < COUNT(units)) {
		value /= 1024;
		unit++;
	}
	int digits = unit == 0 || value >= 100 ? 0 : value >= 10 && value - (double)(uint64_t)value < 0.05 ? 0 : 1;
	snprintf(room, FIGURE_ROOM, "%.*f %s", digits, value, units[unit]);
	return room;
}

char *figure_duration(char room[FIGURE_ROOM], uint64_t nanoseconds)
{
	double seconds = (double)nanoseconds / 1e9;
	uint64_t whole = nanoseconds / UINT64_C(1000000000);
	if (seconds < 0.00095)
		snprintf(room, FIGURE_ROOM, "%.0f µs", seconds * 1e6);
	else if (seconds < 0.01)
		snprintf(room, FIGURE_ROOM, "%.1f ms", seconds * 1e3);
	else if (seconds < 1)
		snprintf(room, FIGURE_ROOM, "%.0f ms", seconds * 1e3);
	else if (seconds < 60)
		snprintf(room, FIGURE_ROOM, "%.1f s", seconds);
	else if (whole < 3600)
		snprintf(room, FIGURE_ROOM, "%" PRIu64 " min %" PRIu64 " s", whole / 60, whole % 60);
	else
		snprintf(room, FIGURE_ROOM, "%" PRIu64 " h %" PRIu64 " min", whole / 3600, whole / 60 % 60);
	return room;
}

char *figure_share(char room[FIGURE_ROOM], uint64_t part, uint64_t whole)
{
	snprintf(room, FIGURE_ROOM, "%.0f %%", whole == 0 ? 0 : 100 * (double)part / (double)whole);
	return room;
}
