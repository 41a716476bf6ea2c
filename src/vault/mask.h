/* How a value is shown to people who may not see it: 李*, 138****5678, l***@qq.com, 上海市静安区***. */
#ifndef ZX_VAULT_MASK_H
#define ZX_VAULT_MASK_H

#include "vault/vault.h"

/* Adds the mask of a plaintext. Never adds more than the rules of the field allow, whatever the value looks like. */
void vault_mask_value(enum vault_field field, struct str value, struct buf *out);

#endif
