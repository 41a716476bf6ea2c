#include "customer/customer.h"
void customer_ended(struct ctx *c, bool committed)
{
    (void)c;
    (void)committed;
}
