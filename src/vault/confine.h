/* What the vault process gives up before it serves: core dumps, being traced, file descriptors, new files, the network, other programs. */
#ifndef ZX_VAULT_CONFINE_H
#define ZX_VAULT_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

/* No core dumps, not dumpable, no new privileges. Before any key is read. */
bool vault_confine_memory(void);
/* Closes every descriptor but standard error and the given ones. */
bool vault_confine_files(const int *keep, size_t count);
/* From here on only the system calls that serving needs; all others answer EPERM. Not in sanitizer builds, which need more. */
bool vault_confine_calls(void);

#endif
