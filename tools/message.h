/* What the command says on stderr. Every message has three parts: what happened, to which thing,
 * what to do about it. */
#ifndef OPSAN_MESSAGE_H
#define OPSAN_MESSAGE_H

/* Exit statuses. Those of a command that could not be started are the shell's. */
enum {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_REFUSED = 126,
	STATUS_NOT_FOUND = 127,
};

/* Prints "opsan: ", the text with control characters escaped, and a newline in one write, so that
 * lines of several processes on one terminal stay whole. Never raises SIGPIPE's consequences: a
 * closed stderr is ignored. */
void message_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
