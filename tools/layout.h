/* opsan layout: a row of the library's layout table, read from PHP's debug information. */
#ifndef OPSAN_LAYOUT_H
#define OPSAN_LAYOUT_H

int layout_main(int count, char **arguments); /* returns the exit status */

#endif
