/*
 * Faults below one directory, put before the C library with LD_PRELOAD.
 *
 * Every call that reads, writes, names, maps or locks a file below TORTURE_DIR is counted, except
 * fcntl: SQLite takes any failure of its locks for another process, and waits. What happens then
 * is for the environment to say:
 *
 *   TORTURE_LOG    append a line for each call: what it is and the file, as in "fsync pki.db-wal"
 *   TORTURE_AT     the number of a call, from 1
 *   TORTURE_DO     what becomes of it: the number of an error; "short", which does half of a read
 *                  or write; "kill", which ends the process before it
 *   TORTURE_ALL    the same for every later call that is like it
 *   TORTURE_WAIT   microseconds that each wait for the disk takes longer
 *   TORTURE_TRACE  append what would reach the disk, with its data; see trace.rs
 *
 * Both logs are written with one call for each entry, so that several processes can share them.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES 1024
#define NAME 512

/* What a call does: only some of them can find the disk full. */
enum kind { ASKS = 1, READS = 2, WRITES = 4, ALLOCATES = 8 };

static char folder[NAME];
static size_t folder_len;
static char names[FILES][NAME];
static int log_fd = -1, trace_fd = -1;
static long at, reaction, wait_longer;
static int is_short, is_kill, is_all;
static atomic_long count;

static char *own_log(const char *variable, int *fd) {
    char *path = getenv(variable);
    if (path && *path)
        *fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return path;
}

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("TORTURE_DIR");
    if (!text)
        return;
    snprintf(folder, sizeof folder, "%s", text);
    folder_len = strlen(folder);
    own_log("TORTURE_LOG", &log_fd);
    own_log("TORTURE_TRACE", &trace_fd);
    text = getenv("TORTURE_AT");
    at = text ? atol(text) : 0;
    text = getenv("TORTURE_DO");
    reaction = text ? atol(text) : 0;
    is_short = text && !strcmp(text, "short");
    is_kill = text && !strcmp(text, "kill");
    text = getenv("TORTURE_WAIT");
    wait_longer = text ? atol(text) : 0;
    is_all = getenv("TORTURE_ALL") != NULL;
}

/* The part of a path below the folder, "." for the folder itself, or nothing. */
static const char *below(const char *path) {
    if (!folder_len || !path || strncmp(path, folder, folder_len))
        return NULL;
    path += folder_len;
    return !*path ? "." : *path == '/' ? path + 1 : NULL;
}

static const char *name_of(int fd) {
    return 0 <= fd && fd < FILES && *names[fd] ? names[fd] : NULL;
}

static void remember(int fd, const char *name) {
    if (0 <= fd && fd < FILES)
        snprintf(names[fd], NAME, "%s", name);
}

/* Counts a call; gives the error it fails with, or 0. A short one is for the caller to do. */
static int meets(const char *what, const char *name, int kind, int *cut) {
    long number = atomic_fetch_add(&count, 1) + 1;
    if (log_fd != -1) {
        char line[NAME + 64];
        int length = snprintf(line, sizeof line, "%d %s %s\n", kind, what, name);
        syscall(SYS_write, log_fd, line, length);
    }
    if (!at || number < at || (number > at && !is_all))
        return 0;
    if (is_kill)
        raise(SIGKILL);
    if (is_short) {
        if (cut)
            *cut = 1;
        return 0;
    }
    if (reaction == ENOSPC && !(kind & ALLOCATES))
        return 0;
    return (int)reaction;
}

#define REAL(result, name, ...) \
    static result (*real)(__VA_ARGS__); \
    if (!real) \
        real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

#define FAIL_IF(problem) \
    do { \
        int failed = (problem); \
        if (failed) { \
            errno = failed; \
            return -1; \
        } \
    } while (0)

/* ---- The trace ---- */

static void trace(const char *head, const void *data, size_t length) {
    struct iovec parts[2] = {{(void *)head, strlen(head)}, {(void *)data, length}};
    syscall(SYS_writev, trace_fd, parts, data ? 2 : 1);
}

static unsigned long inode(int fd) {
    struct stat found;
    return syscall(SYS_fstat, fd, &found) ? 0 : (unsigned long)found.st_ino;
}

static void trace_name(const char *what, const char *one, const char *other) {
    char head[2 * NAME + 16];
    if (trace_fd == -1)
        return;
    snprintf(head, sizeof head, "%s %s %s\n", what, one, other ? other : "-");
    trace(head, NULL, 0);
}

static void trace_write(int fd, const void *data, size_t length, long long offset) {
    char head[128];
    if (trace_fd == -1)
        return;
    snprintf(head, sizeof head, "write %lu %lld %zu\n", inode(fd), offset, length);
    trace(head, data, length);
}

/* ---- Files ---- */

static int opened(int fd, const char *name, int flags) {
    if (fd == -1)
        return fd;
    remember(fd, name);
    if (trace_fd != -1 && !(flags & O_DIRECTORY)) {
        struct stat found;
        char head[NAME + 64];
        if (!syscall(SYS_fstat, fd, &found) && S_ISREG(found.st_mode)) {
            snprintf(head, sizeof head, "file %lu %s\n", (unsigned long)found.st_ino, name);
            trace(head, NULL, 0);
        }
    }
    return fd;
}

#define OPEN(symbol) \
    int symbol(const char *path, int flags, ...) { \
        mode_t mode = 0; \
        if (flags & O_CREAT) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        REAL(int, symbol, const char *, int, ...); \
        const char *name = below(path); \
        if (!name) \
            return real(path, flags, mode); \
        FAIL_IF(meets("open", name, flags & O_CREAT ? ALLOCATES : ASKS, NULL)); \
        return opened(real(path, flags, mode), name, flags); \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    REAL(int, close, int);
    if (name_of(fd))
        *names[fd] = 0;
    return real(fd);
}

ssize_t read(int fd, void *buffer, size_t length) {
    REAL(ssize_t, read, int, void *, size_t);
    const char *name = name_of(fd);
    int cut = 0;
    if (name)
        FAIL_IF(meets("read", name, READS, &cut));
    return real(fd, buffer, cut && 1 < length ? length / 2 : length);
}

#define PREAD(symbol, off) \
    ssize_t symbol(int fd, void *buffer, size_t length, off offset) { \
        REAL(ssize_t, symbol, int, void *, size_t, off); \
        const char *name = name_of(fd); \
        int cut = 0; \
        if (name) \
            FAIL_IF(meets("pread", name, READS, &cut)); \
        return real(fd, buffer, cut && 1 < length ? length / 2 : length, offset); \
    }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

ssize_t write(int fd, const void *buffer, size_t length) {
    REAL(ssize_t, write, int, const void *, size_t);
    const char *name = name_of(fd);
    int cut = 0;
    if (!name)
        return real(fd, buffer, length);
    FAIL_IF(meets("write", name, WRITES | ALLOCATES, &cut));
    if (cut && 1 < length)
        length /= 2;
    trace_write(fd, buffer, length, lseek64(fd, 0, SEEK_CUR));
    return real(fd, buffer, length);
}

#define PWRITE(symbol, off) \
    ssize_t symbol(int fd, const void *buffer, size_t length, off offset) { \
        REAL(ssize_t, symbol, int, const void *, size_t, off); \
        const char *name = name_of(fd); \
        int cut = 0; \
        if (!name) \
            return real(fd, buffer, length, offset); \
        FAIL_IF(meets("pwrite", name, WRITES | ALLOCATES, &cut)); \
        if (cut && 1 < length) \
            length /= 2; \
        trace_write(fd, buffer, length, offset); \
        return real(fd, buffer, length, offset); \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define TRUNCATE(symbol, off) \
    int symbol(int fd, off length) { \
        REAL(int, symbol, int, off); \
        const char *name = name_of(fd); \
        if (name) { \
            FAIL_IF(meets("truncate", name, WRITES | ALLOCATES, NULL)); \
            if (trace_fd != -1) { \
                char head[128]; \
                snprintf(head, sizeof head, "cut %lu %lld\n", inode(fd), (long long)length); \
                trace(head, NULL, 0); \
            } \
        } \
        return real(fd, length); \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

/* A wait for the disk covers what was written before it began. */
static void synced(int fd, const char *name, long long begun) {
    struct stat found;
    char head[NAME + 64];
    if (trace_fd == -1 || syscall(SYS_fstat, fd, &found))
        return;
    if (S_ISDIR(found.st_mode))
        snprintf(head, sizeof head, "names %lld %s\n", begun, name);
    else
        snprintf(head, sizeof head, "sync %lld %lu\n", begun, (unsigned long)found.st_ino);
    trace(head, NULL, 0);
}

#define SYNC(symbol) \
    int symbol(int fd) { \
        REAL(int, symbol, int); \
        const char *name = name_of(fd); \
        if (!name) \
            return real(fd); \
        FAIL_IF(meets("fsync", name, WRITES | ALLOCATES, NULL)); \
        long long begun = trace_fd == -1 ? 0 : lseek64(trace_fd, 0, SEEK_END); \
        if (wait_longer) \
            usleep(wait_longer); \
        int result = real(fd); \
        if (!result) \
            synced(fd, name, begun); \
        return result; \
    }
SYNC(fsync)
SYNC(fdatasync)

void *mmap64(void *address, size_t length, int rights, int flags, int fd, off64_t offset) {
    REAL(void *, mmap64, void *, size_t, int, int, int, off64_t);
    const char *name = name_of(fd);
    int failed = name ? meets("mmap", name, READS, NULL) : 0;
    if (failed) {
        errno = failed;
        return MAP_FAILED;
    }
    return real(address, length, rights, flags, fd, offset);
}

/* ---- Names ---- */

int rename(const char *from, const char *to) {
    REAL(int, rename, const char *, const char *);
    const char *one = below(from), *other = below(to);
    if (one && other) {
        FAIL_IF(meets("rename", other, WRITES | ALLOCATES, NULL));
        trace_name("rename", one, other);
    }
    return real(from, to);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags) {
    REAL(int, linkat, int, const char *, int, const char *, int);
    const char *one = below(from), *other = below(to);
    if (one && other) {
        FAIL_IF(meets("link", other, WRITES | ALLOCATES, NULL));
        trace_name("link", one, other);
    }
    return real(from_fd, from, to_fd, to, flags);
}

int unlink(const char *path) {
    REAL(int, unlink, const char *);
    const char *name = below(path);
    if (name) {
        FAIL_IF(meets("unlink", name, WRITES, NULL));
        trace_name("unlink", name, NULL);
    }
    return real(path);
}

int mkdir(const char *path, mode_t mode) {
    REAL(int, mkdir, const char *, mode_t);
    const char *name = below(path);
    if (name) {
        FAIL_IF(meets("mkdir", name, WRITES | ALLOCATES, NULL));
    }
    int result = real(path, mode);
    if (name && !result)
        trace_name("mkdir", name, NULL);
    return result;
}

int chmod(const char *path, mode_t mode) {
    REAL(int, chmod, const char *, mode_t);
    const char *name = below(path);
    if (name)
        FAIL_IF(meets("chmod", name, WRITES, NULL));
    return real(path, mode);
}

int fchmod(int fd, mode_t mode) {
    REAL(int, fchmod, int, mode_t);
    const char *name = name_of(fd);
    if (name)
        FAIL_IF(meets("fchmod", name, WRITES, NULL));
    return real(fd, mode);
}

DIR *opendir(const char *path) {
    REAL(DIR *, opendir, const char *);
    const char *name = below(path);
    int failed = name ? meets("opendir", name, ASKS, NULL) : 0;
    if (failed) {
        errno = failed;
        return NULL;
    }
    return real(path);
}

/* ---- Locks and questions ---- */

int flock(int fd, int operation) {
    REAL(int, flock, int, int);
    const char *name = name_of(fd);
    if (name)
        FAIL_IF(meets("flock", name, ASKS, NULL));
    return real(fd, operation);
}

#define STAT(symbol) \
    int symbol(const char *path, struct stat64 *found) { \
        REAL(int, symbol, const char *, struct stat64 *); \
        const char *name = below(path); \
        if (name) \
            FAIL_IF(meets("stat", name, ASKS, NULL)); \
        return real(path, found); \
    }
STAT(stat64)
STAT(lstat64)

int fstat64(int fd, struct stat64 *found) {
    REAL(int, fstat64, int, struct stat64 *);
    const char *name = name_of(fd);
    if (name)
        FAIL_IF(meets("stat", name, ASKS, NULL));
    return real(fd, found);
}

int statx(int fd, const char *restrict path, int flags, unsigned mask,
          struct statx *restrict found) {
    REAL(int, statx, int, const char *, int, unsigned, struct statx *);
    /* Without a path it is asked whether the call is there; the header thinks that cannot be. */
    const char *volatile given = path;
    const char *name = given && *given ? below(given) : name_of(fd);
    if (name)
        FAIL_IF(meets("stat", name, ASKS, NULL));
    return real(fd, path, flags, mask, found);
}
