/* Record files on disk. */
#ifndef OPSAN_RECORD_FILE_H
#define OPSAN_RECORD_FILE_H

#include "reader.h"

/* Reads a whole record file and begins reading it; `*bytes` is the caller's to free. False: a
 * message was printed. */
bool record_file_load(const char *path, char **bytes, struct reader *reader);

/* Prints what is wrong with a file whose header is not HEADER_OK. */
void record_file_refuse(const char *path, const struct reader *reader, enum header_state state);

/* Creates an empty record file with its header. An existing one is emptied if it is a record file,
 * otherwise refused. False: a message was printed. */
bool record_file_create(const char *path);

#endif
