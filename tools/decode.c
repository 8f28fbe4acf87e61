#include "decode.h"

#include "../shim/format.h"

#include <stdlib.h>
#include <string.h>

/* Where a field's value goes: a number or a text in a structure. */
enum slot_kind { SLOT_NUMBER, SLOT_TEXT };
struct slot {
	uint16_t tag;
	uint16_t kind;
	size_t offset;
};
#define NUMBER(tag, type, member) \
	{ \
		tag, SLOT_NUMBER, offsetof(struct type, member) \
	}
#define TEXT(tag, type, member) \
	{ \
		tag, SLOT_TEXT, offsetof(struct type, member) \
	}
#define SLOTS(table) table, sizeof(table) / sizeof((table)[0])

static void clear_slots(void *into, const struct slot *slots, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slots[i].kind == SLOT_NUMBER)
			memcpy((char *)into + slots[i].offset, &(uint64_t){NUMBER_ABSENT}, sizeof(uint64_t));
}

/* True: the field was one of the slots. */
static bool fill_slot(void *into, const struct slot *slots, size_t count, const struct field *field)
{
	for (size_t i = 0; i < count; i++) {
		if (slots[i].tag != field->tag)
			continue;
		char *at = (char *)into + slots[i].offset;
		uint64_t number = reader_number(field->value);
		if (slots[i].kind == SLOT_NUMBER)
			memcpy(at, &number, sizeof number);
		else
			memcpy(at, &field->value, sizeof field->value);
		return true;
	}
	return false;
}

static void fill_slots(void *into, const struct slot *slots, size_t count, struct span fields)
{
	struct field field;
	clear_slots(into, slots, count);
	while (reader_field(&fields, &field))
		fill_slot(into, slots, count, &field);
}

/* How many fields of one tag there are, to allocate an array for them. */
static size_t count_fields(struct span fields, uint16_t tag)
{
	struct field field;
	size_t count = 0;
	while (reader_field(&fields, &field))
		count += field.tag == tag;
	return count;
}

static struct php_frame decode_php_frame(struct span fields)
{
	static const struct slot slots[] = {
	    TEXT(FIELD_FUNCTION, php_frame, function),
	    TEXT(FIELD_CLASS, php_frame, class_name),
	    TEXT(FIELD_FILE, php_frame, file),
	    NUMBER(FIELD_LINE, php_frame, line),
	};
	struct php_frame frame = {0};
	fill_slots(&frame, SLOTS(slots), fields);
	return frame;
}

static const struct slot thread_slots[] = {
    NUMBER(FIELD_TID, thread, tid),
    TEXT(FIELD_THREAD_NAME, thread, name),
    TEXT(FIELD_METHOD, thread, method),
    TEXT(FIELD_URI, thread, uri),
    NUMBER(FIELD_SINCE_NS, thread, since_ns),
    NUMBER(FIELD_BEGAN_IN, thread, began_in),
    NUMBER(FIELD_TRUNCATED, thread, truncated),
    NUMBER(FIELD_PHP_UNREADABLE, thread, php_unreadable),
};

static struct thread absent_thread(void)
{
	struct thread thread = {0};
	clear_slots(&thread, SLOTS(thread_slots));
	return thread;
}

static struct thread decode_thread(struct pool *pool, struct span fields)
{
	struct thread thread = absent_thread();
	struct field field;
	thread.present = true;
	thread.php = pool_allocate(pool, count_fields(fields, FIELD_PHP_FRAME) * sizeof *thread.php);
	while (reader_field(&fields, &field)) {
		if (fill_slot(&thread, SLOTS(thread_slots), &field))
			continue;
		if (field.tag == FIELD_PHP_FRAME)
			thread.php[thread.php_count++] = decode_php_frame(field.value);
		if (field.tag == FIELD_NATIVE) {
			thread.native_count = field.value.length / sizeof(uint64_t);
			thread.native = pool_copy(pool, field.value.bytes, thread.native_count * sizeof(uint64_t));
		}
	}
	return thread;
}

struct process_fields decode_process(struct span fields)
{
	static const struct slot slots[] = {
	    TEXT(FIELD_VERSION, process_fields, version), TEXT(FIELD_EXECUTABLE, process_fields, executable),
	    TEXT(FIELD_KERNEL, process_fields, kernel),   TEXT(FIELD_OPTIONS, process_fields, options),
	    TEXT(FIELD_LIBC, process_fields, libc),       TEXT(FIELD_COMMAND, process_fields, command),
	};
	struct process_fields process = {0};
	fill_slots(&process, SLOTS(slots), fields);
	return process;
}

static struct module decode_module(struct span fields)
{
	static const struct slot slots[] = {
	    TEXT(FIELD_PATH, module, path), NUMBER(FIELD_BASE, module, base),       NUMBER(FIELD_START, module, start),
	    NUMBER(FIELD_END, module, end), TEXT(FIELD_BUILD_ID, module, build_id),
	};
	struct module module = {0};
	fill_slots(&module, SLOTS(slots), fields);
	return module;
}

static int compare_modules(const void *left, const void *right)
{
	const struct module *a = left, *b = right;
	return a->start < b->start ? -1 : a->start > b->start;
}

struct module_set decode_modules(struct pool *pool, struct span fields)
{
	struct module_set set = {0};
	struct field field;
	set.modules = pool_allocate(pool, count_fields(fields, FIELD_MODULE) * sizeof *set.modules);
	while (reader_field(&fields, &field))
		if (field.tag == FIELD_MODULE)
			set.modules[set.count++] = decode_module(field.value);
	qsort(set.modules, set.count, sizeof *set.modules, compare_modules);
	return set;
}

const struct module *module_find(const struct module_set *set, uint64_t address)
{
	size_t low = 0, high = set == NULL ? 0 : set->count;
	while (low < high) { /* the first module that begins after the address */
		size_t middle = low + (high - low) / 2;
		if (set->modules[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address >= set->modules[low - 1].end)
		return NULL;
	return &set->modules[low - 1];
}

static struct setting decode_setting(struct span fields)
{
	static const struct slot slots[] = {TEXT(FIELD_NAME, setting, name), TEXT(FIELD_VALUE, setting, value)};
	struct setting setting = {0};
	fill_slots(&setting, SLOTS(slots), fields);
	return setting;
}

struct segment decode_segment(struct pool *pool, struct span fields)
{
	static const struct slot slots[] = {
	    TEXT(FIELD_PHP_VERSION, segment, php_version),
	    TEXT(FIELD_PHP_ABI, segment, php_abi),
	    TEXT(FIELD_LAYOUT, segment, layout),
	    NUMBER(FIELD_ADDRESS, segment, address),
	    NUMBER(FIELD_SIZE, segment, size),
	    NUMBER(FIELD_RESERVED, segment, reserved),
	};
	struct segment segment = {0};
	struct field field;
	fill_slots(&segment, SLOTS(slots), fields);
	segment.settings = pool_allocate(pool, count_fields(fields, FIELD_SETTING) * sizeof *segment.settings);
	while (reader_field(&fields, &field))
		if (field.tag == FIELD_SETTING)
			segment.settings[segment.setting_count++] = decode_setting(field.value);
	return segment;
}

static const struct slot restart_slots[] = {
    NUMBER(FIELD_NUMBER, restart_fields, number),
    NUMBER(FIELD_REASON, restart_fields, reason),
    NUMBER(FIELD_PAUSE_NS, restart_fields, pause_ns),
    NUMBER(FIELD_RESTART_NS, restart_fields, restart_ns),
    NUMBER(FIELD_WAITED_NS, restart_fields, waited_ns),
    NUMBER(FIELD_MEMORY_TOTAL, restart_fields, memory_total),
    NUMBER(FIELD_MEMORY_USED, restart_fields, memory_used),
    NUMBER(FIELD_MEMORY_FREE, restart_fields, memory_free),
    NUMBER(FIELD_MEMORY_WASTED, restart_fields, memory_wasted),
    NUMBER(FIELD_STRINGS_TOTAL, restart_fields, strings_total),
    NUMBER(FIELD_STRINGS_USED, restart_fields, strings_used),
    NUMBER(FIELD_STRINGS_COUNT, restart_fields, strings_count),
    NUMBER(FIELD_SCRIPTS, restart_fields, scripts),
    NUMBER(FIELD_KEYS, restart_fields, keys),
    NUMBER(FIELD_KEYS_MAX, restart_fields, keys_max),
    NUMBER(FIELD_SLOTS, restart_fields, slots),
    NUMBER(FIELD_REWOUND, restart_fields, rewound),
    NUMBER(FIELD_KEPT_BYTES, restart_fields, kept_bytes),
    NUMBER(FIELD_RECYCLED, restart_fields, recycled),
};

struct restart_fields decode_restart(struct pool *pool, struct span fields)
{
	struct restart_fields restart = {.requested_by = absent_thread(), .carried_out_by = absent_thread()};
	struct field field;
	clear_slots(&restart, SLOTS(restart_slots));
	restart.in_flight = pool_allocate(pool, count_fields(fields, FIELD_IN_FLIGHT) * sizeof *restart.in_flight);
	while (reader_field(&fields, &field)) {
		if (fill_slot(&restart, SLOTS(restart_slots), &field))
			continue;
		if (field.tag == FIELD_REQUESTED_BY)
			restart.requested_by = decode_thread(pool, field.value);
		if (field.tag == FIELD_CARRIED_OUT_BY)
			restart.carried_out_by = decode_thread(pool, field.value);
		if (field.tag == FIELD_IN_FLIGHT)
			restart.in_flight[restart.in_flight_count++].thread = decode_thread(pool, field.value);
	}
	return restart;
}

static const struct slot stale_slots[] = {
    NUMBER(FIELD_ADDRESS, stale_fields, address),
    NUMBER(FIELD_ACCESS, stale_fields, access),
    NUMBER(FIELD_VIA, stale_fields, via),
    NUMBER(FIELD_OBJECT, stale_fields, object),
    NUMBER(FIELD_OBJECT_ADDRESS, stale_fields, object_address),
    NUMBER(FIELD_OBJECT_SIZE, stale_fields, object_size),
    NUMBER(FIELD_GENERATION, stale_fields, generation),
    NUMBER(FIELD_CURRENT, stale_fields, current),
    NUMBER(FIELD_STALE_SINCE, stale_fields, stale_since),
    NUMBER(FIELD_STALE_NS, stale_fields, stale_ns),
    NUMBER(FIELD_HANDLER_NS, stale_fields, handler_ns),
    TEXT(FIELD_OBJECT_TEXT, stale_fields, object_text),
};

struct stale_fields decode_stale(struct pool *pool, struct span fields)
{
	struct stale_fields stale = {.thread = absent_thread()};
	struct field field;
	clear_slots(&stale, SLOTS(stale_slots));
	while (reader_field(&fields, &field))
		if (!fill_slot(&stale, SLOTS(stale_slots), &field) && field.tag == FIELD_THREAD)
			stale.thread = decode_thread(pool, field.value);
	return stale;
}

struct notice_fields decode_notice(struct span fields)
{
	static const struct slot slots[] = {
	    NUMBER(FIELD_NOTICE, notice_fields, notice),
	    NUMBER(FIELD_COUNT, notice_fields, count),
	    TEXT(FIELD_TEXT, notice_fields, text),
	};
	struct notice_fields notice = {0};
	fill_slots(&notice, SLOTS(slots), fields);
	return notice;
}

uint64_t decode_lost(struct span fields)
{
	struct loss {
		uint64_t count;
	} loss = {0};
	static const struct slot slots[] = {NUMBER(FIELD_LOST, loss, count)};
	fill_slots(&loss, SLOTS(slots), fields);
	return loss.count;
}

struct span option_value(struct span options, const char *name)
{
	size_t length = strlen(name);
	while (options.length > 0) {
		const char *colon = memchr(options.bytes, ':', options.length);
		size_t part = colon == NULL ? options.length : (size_t)(colon - options.bytes);
		if (part > length && options.bytes[length] == '=' && memcmp(options.bytes, name, length) == 0)
			return (struct span){options.bytes + length + 1, part - length - 1};
		size_t step = colon == NULL ? part : part + 1;
		options.bytes += step;
		options.length -= step;
	}
	return (struct span){NULL, 0};
}
