// epoll and timerfd, which Glibc's Swift module lacks (and whose packed struct Swift can't import).
#ifndef CLINUX_EPOLL_H
#define CLINUX_EPOLL_H
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>

#define CLINUX_READABLE 1u
#define CLINUX_WRITABLE 2u
#define CLINUX_BROKEN 4u

static inline int clinux_epoll_create(void) {
    return epoll_create1(EPOLL_CLOEXEC);
}

static inline int clinux_epoll_set(int epoll, int operation, int fd, uint32_t interest, uint64_t token) {
    struct epoll_event event;
    event.events = ((interest & CLINUX_READABLE) ? EPOLLIN : 0) | ((interest & CLINUX_WRITABLE) ? EPOLLOUT : 0);
    event.data.u64 = token;
    return epoll_ctl(epoll, operation, fd, &event);
}

static inline int clinux_epoll_add(int epoll, int fd, uint32_t interest, uint64_t token) {
    return clinux_epoll_set(epoll, EPOLL_CTL_ADD, fd, interest, token);
}

static inline int clinux_epoll_modify(int epoll, int fd, uint32_t interest, uint64_t token) {
    return clinux_epoll_set(epoll, EPOLL_CTL_MOD, fd, interest, token);
}

static inline int clinux_epoll_remove(int epoll, int fd) {
    return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, 0);
}

// Takes up to 64 ready descriptors, waiting at most so many milliseconds for the first: their tokens and what they are
// ready for.
static inline int clinux_epoll_poll(int epoll, uint64_t *tokens, uint32_t *readiness, int milliseconds) {
    struct epoll_event events[64];
    int count = epoll_wait(epoll, events, 64, milliseconds);
    for (int i = 0; i < count; i++) {
        tokens[i] = events[i].data.u64;
        readiness[i] = ((events[i].events & (EPOLLIN | EPOLLRDHUP)) ? CLINUX_READABLE : 0) |
                       ((events[i].events & EPOLLOUT) ? CLINUX_WRITABLE : 0) |
                       ((events[i].events & (EPOLLERR | EPOLLHUP)) ? CLINUX_BROKEN : 0);
    }
    return count;
}

static inline int clinux_event_create(void) {
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

static inline int clinux_timer_create(void) {
    return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}

// Arms the timer for an absolute monotonic time; 0 disarms it.
static inline int clinux_timer_set(int fd, uint64_t nanoseconds) {
    struct itimerspec when = {{0, 0}, {(time_t)(nanoseconds / 1000000000u), (long)(nanoseconds % 1000000000u)}};
    return timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, 0);
}
#endif
