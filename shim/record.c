/* May run in a signal handler, but for what record.h excepts. */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "modules.h"
#include "opcache.h"
#include "options.h"
#include "os.h"
#include "php.h"

/* Room that a frame keeps for what is only known when it is written. */
enum { LAST_FIELDS = 2 * (sizeof(struct field_header) + sizeof(uint64_t)) };
enum { BUFFERS = 64, BUFFER_BYTES = 32 << 10, PREPARED_BYTES = 128 << 10 };

static char buffers[BUFFERS][BUFFER_BYTES];
static _Atomic bool taken[BUFFERS];
static _Atomic uint64_t lost, lost_told;
static _Atomic uint32_t sequence;

enum { FILE_CLOSED, FILE_OPENING, FILE_OPEN, FILE_FAILED };
static _Atomic int file_state;
static int file = -1;
static char path[4096];

/* Frames that are written before the first other one, and again when they change. */
static char prepared_process[4096], prepared_modules[PREPARED_BYTES], prepared_segment[16 << 10];
static struct record process, modules, segment;
static _Atomic bool modules_changed, segment_changed;

/* --- putting a frame together --- */

void record_append(struct record *r, const void *bytes, size_t length)
{
	if (length == 0) {
		return;
	}
	if (length > r->capacity - r->length) {
		r->overflow = true;
		return;
	}
	memcpy(r->bytes + r->length, bytes, length);
	r->length += length;
}

static void field(struct record *r, enum field_tag tag, const void *bytes, size_t length)
{
	static const char zeros[8];
	struct field_header h = {.tag = (uint16_t)tag, .length = (uint32_t)length};
	size_t padding = (8 - length % 8) % 8;

	/* Whole or not at all. */
	if (sizeof h + length + padding > r->capacity - r->length) {
		r->overflow = true;
		return;
	}
	record_append(r, &h, sizeof h);
	record_append(r, bytes, length);
	record_append(r, zeros, padding);
}

void record_begin_in(struct record *r, enum frame_type type, void *memory, size_t bytes)
{
	struct frame_header h = {.magic = FRAME_MAGIC, .type = (uint16_t)type, .time_ns = os_realtime_ns()};

	*r = (struct record){.bytes = memory, .capacity = bytes - LAST_FIELDS, .buffer = -1};
	record_append(r, &h, sizeof h);
}

bool record_begin(struct record *r, enum frame_type type)
{
	for (int i = 0; i < BUFFERS; i++) {
		if (!atomic_exchange(&taken[i], true)) {
			record_begin_in(r, type, buffers[i], BUFFER_BYTES);
			r->buffer = i;
			return true;
		}
	}
	atomic_fetch_add(&lost, 1);
	return false;
}

void record_number(struct record *r, enum field_tag tag, uint64_t value)
{
	field(r, tag, &value, sizeof value);
}

void record_text(struct record *r, enum field_tag tag, const char *text, size_t length)
{
	field(r, tag, text, length);
}

void record_string(struct record *r, enum field_tag tag, const char *text)
{
	field(r, tag, text, strlen(text));
}

void record_addresses(struct record *r, enum field_tag tag, const uintptr_t *addresses, size_t count)
{
	static_assert(sizeof(uintptr_t) == 8, "addresses are recorded as 8 bytes");
	field(r, tag, addresses, count * sizeof *addresses);
}

size_t record_group_begin(struct record *r, enum field_tag tag)
{
	size_t group = r->length;

	field(r, tag, NULL, 0);
	return group;
}

void record_group_end(struct record *r, size_t group)
{
	struct field_header h;

	if (r->length < group + sizeof h) {
		return; /* the header itself did not fit */
	}
	memcpy(&h, r->bytes + group, sizeof h);
	h.length = (uint32_t)(r->length - group - sizeof h);
	memcpy(r->bytes + group, &h, sizeof h);
}

/* --- the file --- */

/* A short write leaves a torn frame behind, which the reader skips. */
static bool write_all(const void *bytes, size_t length)
{
	return syscall(SYS_write, file, bytes, length) == (long)length;
}

static void write_frame(struct record *r)
{
	struct frame_header h;

	memcpy(&h, r->bytes, sizeof h);
	h.pid = (uint32_t)getpid();
	h.sequence = atomic_fetch_add(&sequence, 1) + 1;
	h.length = (uint32_t)(r->length - sizeof h);
	h.crc = 0;
	memcpy(r->bytes, &h, sizeof h);
	h.crc = (uint32_t)crc32(0, (const unsigned char *)r->bytes, (uInt)r->length);
	memcpy(r->bytes, &h, sizeof h);
	if (!write_all(r->bytes, r->length)) {
		atomic_fetch_add(&lost, 1);
	}
}

/* The file is there already under `opsan run`, or if a forked process made it. */
static bool open_file(void)
{
	struct file_header h = {.major = FORMAT_MAJOR, .minor = FORMAT_MINOR};

	memcpy(h.magic, file_magic, sizeof h.magic);
	file = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
	if (file >= 0) {
		return write_all(&h, sizeof h);
	}
	file = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
	return file >= 0;
}

static void complain(void)
{
	static const char what[] = "opsan: cannot write the record file ",
	                  remedy[] = ": findings are lost; choose another place with log_path\n";
	size_t n = strlen(path);

	if (syscall(SYS_write, 2, what, sizeof what - 1) < 0 || syscall(SYS_write, 2, path, n) < 0 ||
	    syscall(SYS_write, 2, remedy, sizeof remedy - 1) < 0) {
		return; /* nobody is listening */
	}
}

/* A forked process is another writer: it says who it is, and counts its own frames. */
static void begin_process(void)
{
	static _Atomic pid_t writer;
	pid_t me = getpid(), before = atomic_exchange(&writer, me);

	if (before == me) {
		return;
	}
	atomic_store(&sequence, 0);
	if (before) {
		atomic_store(&modules_changed, true);
		atomic_store(&segment_changed, segment.length != 0);
	}
	write_frame(&process);
}

static bool file_ready(void)
{
	int expected = FILE_CLOSED;

	if (atomic_compare_exchange_strong(&file_state, &expected, FILE_OPENING)) {
		bool good = open_file();
		if (good) {
			begin_process();
		} else {
			complain();
		}
		atomic_store(&file_state, good ? FILE_OPEN : FILE_FAILED);
		return good;
	}
	/* Another thread is at it: a handler must not wait for long. */
	for (int i = 0; i < 1000 && atomic_load(&file_state) == FILE_OPENING; i++) {
		sched_yield();
	}
	if (atomic_load(&file_state) != FILE_OPEN) {
		return false;
	}
	begin_process();
	return true;
}

static void write_prepared(void)
{
	if (atomic_exchange(&modules_changed, false)) {
		write_frame(&modules);
	}
	if (atomic_exchange(&segment_changed, false)) {
		write_frame(&segment);
	}
}

void record_write(struct record *r)
{
	uint64_t n = atomic_load(&lost);

	r->capacity += LAST_FIELDS;
	if (n != atomic_exchange(&lost_told, n)) {
		record_number(r, FIELD_LOST, n);
	}
	if (r->overflow) {
		record_number(r, FIELD_TRUNCATED, 1);
	}
	if (file_ready()) {
		write_prepared();
		write_frame(r);
	} else {
		atomic_fetch_add(&lost, 1);
	}
	if (r->buffer >= 0) {
		atomic_store(&taken[r->buffer], false);
	}
}

void record_forked(void)
{
	int opening = FILE_OPENING;

	/* Another thread of the parent could have been in the middle of it. */
	atomic_compare_exchange_strong(&file_state, &opening, FILE_CLOSED);
	for (int i = 0; i < BUFFERS; i++) {
		atomic_store(&taken[i], false);
	}
}

uint64_t record_lost(void)
{
	return atomic_load(&lost);
}

/* --- not in a handler --- */

static void set_path(const char *template, const char *directory)
{
	const char *p = strstr(template, "%p");
	int before = p ? (int)(p - template) : (int)strlen(template);
	char pid[16] = "";

	if (p) {
		snprintf(pid, sizeof pid, "%d", (int)getpid());
	}
	snprintf(path, sizeof path, "%s%s%.*s%s%s", *template == '/' ? "" : directory, *template == '/' ? "" : "/", before,
	         template, pid, p ? p + 2 : "");
}

void record_place(void)
{
	char directory[2048];

	/* The directory of now: the program may change its own. */
	if (!getcwd(directory, sizeof directory)) {
		strcpy(directory, "/tmp");
	}
	set_path(*options.log_path ? options.log_path : "opsan.%p.rec", directory);
}

static void text_of_file(struct record *r, enum field_tag tag, const char *name)
{
	char text[256];
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text) : -1;

	if (n > 0) {
		record_text(r, tag, text, (size_t)n - (text[n - 1] == '\n'));
	}
	if (fd >= 0) {
		close(fd);
	}
}

void record_prepare_process(void)
{
	char text[1024];
	struct utsname kernel;
	ssize_t n = readlink("/proc/self/exe", text, sizeof text);

	record_begin_in(&process, FRAME_PROCESS, prepared_process, sizeof prepared_process - 64);
	record_string(&process, FIELD_VERSION, OPSAN_VERSION);
	if (n > 0) {
		record_text(&process, FIELD_EXECUTABLE, text, (size_t)n);
	}
	if (uname(&kernel) == 0) {
		record_string(&process, FIELD_KERNEL, kernel.release);
	}
	record_string(&process, FIELD_LIBC, gnu_get_libc_version());
	text_of_file(&process, FIELD_COMMAND, "/proc/self/comm");
	record_string(&process, FIELD_OPTIONS, options_write(text, sizeof text));
}

static void write_module(const struct module *m, void *to)
{
	struct record *r = to;
	size_t group = record_group_begin(r, FIELD_MODULE);

	record_string(r, FIELD_PATH, m->path);
	record_number(r, FIELD_BASE, m->base);
	record_number(r, FIELD_START, m->start);
	record_number(r, FIELD_END, m->end);
	record_text(r, FIELD_BUILD_ID, m->build_id, m->build_id_bytes);
	record_group_end(r, group);
}

void record_prepare_modules(void)
{
	record_begin_in(&modules, FRAME_MODULES, prepared_modules, sizeof prepared_modules);
	modules_each(write_module, &modules);
	atomic_store(&modules_changed, true);
}

static void write_setting(const char *name, const char *value, void *to)
{
	struct record *r = to;
	size_t group = record_group_begin(r, FIELD_SETTING);

	record_string(r, FIELD_NAME, name);
	record_string(r, FIELD_VALUE, value);
	record_group_end(r, group);
}

void record_prepare_segment(const struct opcache *o, const char *php_version)
{
	record_begin_in(&segment, FRAME_SEGMENT, prepared_segment, sizeof prepared_segment);
	record_string(&segment, FIELD_PHP_VERSION, php_version);
	record_string(&segment, FIELD_PHP_ABI, o->layout->abi);
	record_string(&segment, FIELD_LAYOUT, o->layout->name);
	record_number(&segment, FIELD_ADDRESS, o->segment->base);
	record_number(&segment, FIELD_SIZE, o->segment->length);
	record_number(&segment, FIELD_RESERVED, o->segment->reserved);
	record_number(&segment, FIELD_MEMORY_TOTAL, o->memory_total);
	record_number(&segment, FIELD_STRINGS_TOTAL, o->strings_total);
	record_number(&segment, FIELD_KEYS_MAX, o->keys_max);
	php_settings(write_setting, &segment);
	atomic_store(&segment_changed, true);
}

void record_open(void)
{
	if (file_ready()) {
		write_prepared();
	}
}
