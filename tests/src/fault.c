/*
 * Stands between a program and the C library and makes writing to the disk
 * fail. Preloaded into real processes by `fault.rs`; each call that changes a
 * watched file, or brings it to the disk, is one operation and has a number.
 *
 *   DRYSTONE_FAULT_PATH   what a watched file's path contains
 *   DRYSTONE_FAULT_ARM    operations count only while this file exists
 *   DRYSTONE_FAULT_AT     the number of the operation that fails, from 1; 0 for none
 *   DRYSTONE_FAULT_KIND   once   it fails with an I/O error
 *                         gone   it and all after it fail with an I/O error
 *                         full   it and all writes after it fail for want of space
 *                         torn   half of it is written, then the process is killed
 *   DRYSTONE_FAULT_COUNT  a file that always holds the number of operations so far
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { ONCE, GONE, FULL, TORN };

static atomic_long counted;

static enum kind kind_of(void) {
  const char *name = getenv("DRYSTONE_FAULT_KIND");
  if (name && !strcmp(name, "gone")) return GONE;
  if (name && !strcmp(name, "full")) return FULL;
  if (name && !strcmp(name, "torn")) return TORN;
  return ONCE;
}

static int watched_path(const char *path) {
  const char *part = getenv("DRYSTONE_FAULT_PATH");
  const char *arm = getenv("DRYSTONE_FAULT_ARM");
  if (!part || !path || !strstr(path, part)) return 0;
  return !arm || syscall(SYS_faccessat, AT_FDCWD, arm, F_OK) == 0;
}

static int watched(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return watched_path(path);
}

static void note(long number) {
  const char *path = getenv("DRYSTONE_FAULT_COUNT");
  char text[32];
  if (!path) return;
  int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd < 0) return;
  syscall(SYS_write, fd, text, snprintf(text, sizeof text, "%ld", number));
  syscall(SYS_close, fd);
}

/* Counts an operation; says whether it fails. */
static int fails(int is_write) {
  const char *text = getenv("DRYSTONE_FAULT_AT");
  long at = text ? atol(text) : 0;
  long number = atomic_fetch_add(&counted, 1) + 1;
  note(number);
  if (at == 0 || number < at) return 0;
  switch (kind_of()) {
  case ONCE: errno = EIO; return number == at;
  case GONE: errno = EIO; return 1;
  case FULL: errno = ENOSPC; return is_write;
  case TORN: return number == at;
  }
  return 0;
}

static void die(void) { syscall(SYS_kill, syscall(SYS_getpid), SIGKILL); for (;;) pause(); }

static ssize_t failed_write(int fd, const void *bytes, size_t count, off_t offset) {
  if (kind_of() != TORN) return -1;
  if (offset < 0) syscall(SYS_write, fd, bytes, count / 2);
  else syscall(SYS_pwrite64, fd, bytes, count / 2, offset);
  die();
  return -1;
}

static int failed_call(void) {
  if (kind_of() == TORN) die();
  return -1;
}

ssize_t write(int fd, const void *bytes, size_t count) {
  if (watched(fd) && fails(1)) return failed_write(fd, bytes, count, -1);
  return syscall(SYS_write, fd, bytes, count);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  if (watched(fd) && fails(1)) return failed_write(fd, parts[0].iov_base, count ? parts[0].iov_len : 0, -1);
  return syscall(SYS_writev, fd, parts, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  if (watched(fd) && fails(1)) return failed_write(fd, bytes, count, offset);
  return syscall(SYS_pwrite64, fd, bytes, count, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

int fsync(int fd) { return watched(fd) && fails(0) ? failed_call() : (int)syscall(SYS_fsync, fd); }

int fdatasync(int fd) { return watched(fd) && fails(0) ? failed_call() : (int)syscall(SYS_fdatasync, fd); }

int ftruncate64(int fd, off64_t length) {
  return watched(fd) && fails(1) ? failed_call() : (int)syscall(SYS_ftruncate, fd, length);
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int posix_fallocate64(int fd, off64_t offset, off64_t length) {
  if (watched(fd) && fails(1)) return failed_call() < 0 ? errno : 0;
  return syscall(SYS_fallocate, fd, 0, offset, length) ? errno : 0;
}

int posix_fallocate(int fd, off_t offset, off_t length) { return posix_fallocate64(fd, offset, length); }

int rename(const char *from, const char *to) {
  if (watched_path(to) && fails(1)) return failed_call();
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path) {
  if (watched_path(path) && fails(1)) return failed_call();
  return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}
