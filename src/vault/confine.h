/* What the vault process gives up before it serves: core dumps, being traced, file descriptors, new files, the network, other programs. */
#ifndef ZX_VAULT_CONFINE_H
#define ZX_VAULT_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

/* 1 in a sanitizer build, by gcc or clang. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define VAULT_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define VAULT_SANITIZED 1
#endif
#endif
#ifndef VAULT_SANITIZED
#define VAULT_SANITIZED 0
#endif

/* No core dumps, not dumpable, no new privileges. Before any key is read. */
bool vault_confine_memory(void);
/* Closes every descriptor but standard error and the given ones. */
bool vault_confine_files(const int *keep, size_t count);
/* From here on only the system calls that serving needs; all others answer EPERM. Not in sanitizer builds, which need more. */
bool vault_confine_calls(void);

#endif
