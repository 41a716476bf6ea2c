/* Figures over everything: the overview with its comparison, sales by day and channel, the funnel, styles, and the lists
 * behind each number. docs/metrics.md states every formula. Reads the warehouse, writes nothing. */
#ifndef ZX_INSIGHT_INSIGHT_H
#define ZX_INSIGHT_INSIGHT_H

#include "base/ctx.h"
#include "http/route.h"

extern const struct module insight_module;

#endif
