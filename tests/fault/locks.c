/* Record locks on the bytes that OPcache uses, on a file without a name, answer as the kernel does. */
#include "fault.h"

static int fd;

static void ask(const char *what, int command)
{
	for (int byte = 0; byte < 4; byte++) {
		struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
		int r = fcntl(fd, command, &l);
		say("%s %d: %d, type %d, by %s\n", what, byte, r, l.l_type,
		    l.l_type == F_UNLCK    ? "nobody"
		    : l.l_pid == getppid() ? "the parent"
		    : l.l_pid == -1        ? "a description"
		                           : "another");
	}
}

static void set(int command, short type, off_t byte)
{
	struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

	if (fcntl(fd, command, &l) != 0) {
		say("%s\n", name_of(errno));
	}
}

static void in_child(const char *what)
{
	if (fork() == 0) {
		ask(what, F_GETLK);
		set(F_SETLK, F_WRLCK, 1);
		_exit(0);
	}
	wait(NULL);
}

int main(void)
{
	fd = open(".", O_RDWR | O_TMPFILE, 0600);
	set(F_SETLKW, F_WRLCK, 0);
	set(F_SETLK, F_RDLCK, 1);
	in_child("locked");
	set(F_SETLK, F_UNLCK, 0);
	set(F_SETLK, F_UNLCK, 1);
	in_child("unlocked");
	set(F_OFD_SETLK, F_WRLCK, 2);
	ask("of a description", F_GETLK);
	ask("for a description", F_OFD_GETLK);
	say("flags %x, descriptor %d\n", fcntl(fd, F_GETFL) & O_ACCMODE, fcntl(fd, F_GETFD));
	say("duplicate %d\n", fcntl(fd, F_DUPFD, 100));
	close(fd);
	say("closed: %d", fcntl(fd, F_GETFD));
	say(" %s\n", name_of(errno));
}
