/* What close says, and what it takes with it. */
#include "fault.h"

int main(void)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	int fd = open(".", O_RDWR | O_TMPFILE, 0600), again = dup(fd), status;

	fcntl(fd, F_SETLK, &l);
	say("%d\n", close(again)); /* takes the process's locks on the file with it */
	if (fork() == 0) {
		_exit(fcntl(fd, F_SETLK, &l) == 0);
	}
	wait(&status);
	say("free %d\n", WEXITSTATUS(status));
	say("%d\n", close(fd));
	errno = 0;
	say("%d", close(fd));
	say(" %s\n", name_of(errno));
	say("%d", close(-1));
	say(" %s\n", name_of(errno));
}
