/* Preloaded into a process: kills it just before its KILL_AT-th write or sync of a file whose path holds KILL_FILE, or
   its KILL_AT-th send or receive of a socket, and counts them all into the file KILL_COUNT. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

static long reached;

static int of_journal(int fd) {
    char link[64], path[4096];
    const char *wanted = getenv("KILL_FILE");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (!wanted || length < 0) return 0;
    path[length] = 0;
    return strstr(path, wanted) != NULL;
}

static int of_network(int fd) {
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    return getsockname(fd, (struct sockaddr *)&name, &length) == 0 && name.ss_family == AF_INET;
}

static void count(void) {
    static ssize_t (*plain)(int, const void *, size_t, off_t);
    const char *at = getenv("KILL_AT"), *file = getenv("KILL_COUNT");
    long now = __atomic_add_fetch(&reached, 1, __ATOMIC_SEQ_CST);
    if (at && atol(at) == now) kill(getpid(), SIGKILL);
    if (file) {
        char text[32];
        int fd = open(file, O_WRONLY | O_CREAT, 0600);
        if (!plain) plain = dlsym(RTLD_NEXT, "pwrite64");
        plain(fd, text, (size_t)snprintf(text, sizeof text, "%ld\n", now), 0);
        close(fd);
    }
}

#define TRAP(result, name, test, declared, given)                  \
    result name declared {                                         \
        static result(*real) declared;                             \
        if (!real) real = dlsym(RTLD_NEXT, #name);                 \
        if (test(fd)) count();                                     \
        return real given;                                         \
    }

TRAP(ssize_t, write, of_journal, (int fd, const void *data, size_t size), (fd, data, size))
TRAP(ssize_t, pwrite64, of_journal, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
TRAP(int, fsync, of_journal, (int fd), (fd))
TRAP(int, fdatasync, of_journal, (int fd), (fd))
TRAP(int, ftruncate64, of_journal, (int fd, off64_t size), (fd, size))
TRAP(ssize_t, send, of_network, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags))
TRAP(ssize_t, recv, of_network, (int fd, void *data, size_t size, int flags), (fd, data, size, flags))
