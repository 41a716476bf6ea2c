/* The files of segments: what is written, and how rows of any format are read. */
#ifndef ZX_EVENTLOG_FORMAT_H
#define ZX_EVENTLOG_FORMAT_H

#include "db/append.h"
#include "eventlog/block.h"
#include "eventlog/eventlog.h"

enum { SEGMENT_FORMAT = 2 };       /* of what is written */

/* A row of the log as SQL knows it, the same in all formats: times in milliseconds UTC, at_rest_us what at_us has beyond them;
 * a message id is message_prefix followed by message_uuid as text. Logical hashes are made of these cells. */
#define FORMAT_ROW "subject,id,source_id,at_ms,at_rest_us,received_ms,type,flags,value_minor,quantity,message_prefix,message_uuid," \
                   "name,path,title,referrer,utm_source,utm_medium,utm_campaign,product,category,order_no,currency,device,props"
/* The current row of a query of FORMAT_ROW. Strings lie in the engine's own memory; the message id stands apart. */
void format_read(struct db_rows *q, struct event *ret, struct message_id *ret_id);
/* A message id of two of its cells. */
struct message_id format_message(struct str prefix, struct str uuid);

/* Rows to be written: a feed of the file's own columns … */
struct db_feed format_feed(size_t (*next)(void *arg, struct db_chunk *chunk, size_t room), void *arg);
void format_put(struct db_chunk *k, const struct event *e, const struct message_id *id);
/* … named so in SQL, and what stands behind FROM to read them as rows of the log. */
#define FORMAT_FEED "unit_rows()"
void format_add_feed(struct buf *sql);

#endif
