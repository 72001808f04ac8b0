// Timer slack: how late the kernel may wake a sleeping thread to batch timers.
#ifndef CLINUX_TIMER_H
#define CLINUX_TIMER_H
#include <sys/prctl.h>

// Sets the timer slack of the calling thread in nanoseconds; returns 0 or -1 with errno.
static inline int clinux_set_timer_slack(unsigned long nanoseconds) {
    return prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0);
}
#endif
