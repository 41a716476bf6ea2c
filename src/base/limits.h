/* Every limit that keeps a stranger or a mistake from using up the machine. One home for all. */
#ifndef ZX_BASE_LIMITS_H
#define ZX_BASE_LIMITS_H

enum {
    LIMIT_HEADER_BYTES = 16 << 10,
    LIMIT_HEADER_FIELDS = 64,
    LIMIT_BODY_BYTES = 1 << 20,
    LIMIT_EVENT_BYTES = 32 << 10,
    LIMIT_BATCH_BYTES = 500 << 10,
    LIMIT_IMPORT_BYTES = 200 << 20,
    LIMIT_INFLATE_RATIO = 20,
    LIMIT_JSON_DEPTH = 32,
    LIMIT_REPLY_BYTES = 64 << 20,
    LIMIT_CSV_CELL_BYTES = 64 << 10,
    LIMIT_CSV_COLUMNS = 256,
    LIMIT_NAME_CHARS = 128,
    LIMIT_TEXT_CHARS = 2000,
    LIMIT_LIST_ITEMS = 1000,  /* elements of a list in a body, where its field says nothing */
    LIMIT_LIST_PAGE = 200,
    LIMIT_COUNT_EXACT = 10000, /* totals above are "about" */
    LIMIT_ORDER_LINES = 2000,
    LIMIT_INTAKE_QUEUE_BYTES = 64 << 20,
    LIMIT_CONNECTIONS = 4096,
    LIMIT_CONNECTIONS_PER_ADDRESS = 512,
    LIMIT_ARGON2_AT_ONCE = 4,
    LIMIT_REQUEST_HEADER_MS = 10000, /* absolute, from the first byte */
    LIMIT_REQUEST_BODY_MS = 60000,
    LIMIT_VAULT_FRAME_BYTES = 32 << 20,
    LIMIT_BODIES_BYTES = 64 << 20,     /* request bodies in memory together: of calls, and as many of collection */
    LIMIT_LARGE_BODIES_BYTES = 256 << 20, /* bodies past LIMIT_BODY_BYTES together: imports, large batches of receipts */
    LIMIT_UPLOADS_BYTES = 400 << 20,   /* files of imports that wait for their job, together */
    LIMIT_SWALLOW_BYTES = 8 << 20,     /* read and thrown away, so that a client gets to see why it was refused */
    LIMIT_CALL_QUEUE = 1024,           /* requests that wait for a worker */
    LIMIT_KEEPALIVE_MS = 75000,        /* between two requests of a connection */
    LIMIT_REPLY_MS = 600000,           /* writing one reply, event streams apart */
};

#endif
