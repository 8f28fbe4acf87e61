/* A lock that is not there: the kernel says EFAULT. */
#include "fault.h"

int main(void)
{
	static const int commands[] = {F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK};
	int fd = open(".", O_RDWR | O_TMPFILE, 0600);

	for (int i = 0; i < 5; i++) {
		int r = fcntl(fd, commands[i], nowhere(64));
		say("%d %s\n", r, name_of(errno));
	}
}
