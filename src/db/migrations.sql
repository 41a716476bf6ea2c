-- The two tables that every installation starts with. Run at each start, before all numbered migrations, so it creates only what is missing.

-- migration: 0
CREATE TABLE IF NOT EXISTS schema_migration (number $BIGINT NOT NULL PRIMARY KEY, at_us $BIGINT NOT NULL) $STRICT;
CREATE TABLE IF NOT EXISTS change (
    seq $CHANGE_SEQ,
    kind $BIGINT NOT NULL,
    ref_id $BIGINT NOT NULL,
    customer_id $BIGINT NOT NULL,
    count $BIGINT NOT NULL,
    at_us $BIGINT NOT NULL
) $STRICT;
