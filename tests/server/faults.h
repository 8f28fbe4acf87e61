#ifndef FAULTS_H
#define FAULTS_H

/* Each ends the process, unless somebody swallows the signal. */
void fault_write_low_address(void);
void fault_in_c_thread(void);
void fault_raise(void);
void fault_abort(void);

#endif
