#include "record_file.h"

#include "../shim/format.h"
#include "memory.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void record_file_refuse(const char *path, const struct reader *reader, enum header_state state)
{
	if (state == HEADER_NEWER)
		message_print(
		    "%s: this is a record of format %u.%u, this opsan reads up to %d.%d; use the opsan that wrote it, "
		    "or a later one",
		    path, reader->major, reader->minor, FORMAT_MAJOR, FORMAT_MINOR);
	else if (reader->length == 0)
		message_print("%s: the file is empty: no record was ever written into it; check that the server was started "
		              "with opsan and that it could write here",
		              path);
	else
		message_print("%s: not a record file of opsan (or its first bytes are damaged); give the opsan.<pid>.rec that "
		              "\"opsan run\" named",
		              path);
}

/* Reads until the end, from where the file stands; -1: errno says why. */
static ssize_t read_all(int file, char **bytes)
{
	size_t length = 0, room = 0;
	*bytes = NULL;
	for (;;) {
		*bytes = memory_grow(*bytes, &room, length + (64 << 10), 1);
		ssize_t got = read(file, *bytes + length, room - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? got : (ssize_t)length;
		length += (size_t)got;
	}
}

static int open_record(const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	if (file < 0) {
		message_print("%s: cannot be opened: %s; check the name and the permissions", path, strerror(errno));
		return -1;
	}
	if (fstat(file, &status) == 0 && !S_ISREG(status.st_mode)) {
		message_print("%s: %s, not a record file; give the opsan.<pid>.rec that \"opsan run\" named", path,
		              S_ISDIR(status.st_mode) ? "a directory" : "a device or a pipe");
		close(file);
		return -1;
	}
	return file;
}

bool record_file_load(const char *path, char **bytes, struct reader *reader)
{
	*bytes = NULL;
	int file = open_record(path);
	if (file < 0)
		return false;
	ssize_t length = read_all(file, bytes);
	close(file);
	if (length < 0) {
		message_print("%s: cannot be read: %s; copy the file to another place and try that", path, strerror(errno));
		return false;
	}
	reader_begin(reader, *bytes, (size_t)length);
	enum header_state state = reader_check_header(reader);
	if (state != HEADER_OK)
		record_file_refuse(path, reader, state);
	return state == HEADER_OK;
}

/* A typo after -o must not empty somebody's file. */
static bool may_be_emptied(int file)
{
	struct file_header header;
	struct stat status;
	if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
		return false;
	ssize_t got = pread(file, &header, sizeof header, 0);
	return got == 0 || (got >= (ssize_t)sizeof file_magic && memcmp(header.magic, file_magic, sizeof file_magic) == 0);
}

bool record_file_create(const char *path)
{
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (file < 0) {
		message_print("%s: the record cannot be written: %s; give another place with -o FILE", path, strerror(errno));
		return false;
	}
	if (!may_be_emptied(file)) {
		message_print("%s: exists and is not a record file, so it was left alone; give another name with -o FILE",
		              path);
		close(file);
		return false;
	}
	struct file_header header = {.major = FORMAT_MAJOR, .minor = FORMAT_MINOR};
	memcpy(header.magic, file_magic, sizeof header.magic);
	bool written = ftruncate(file, 0) == 0 && write(file, &header, sizeof header) == (ssize_t)sizeof header;
	if (!written)
		message_print("%s: the record cannot be written: %s; give another place with -o FILE", path, strerror(errno));
	close(file);
	return written;
}
