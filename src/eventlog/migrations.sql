-- The tail of the event log and the register of its segments.
-- A unit is the run of blocks that becomes one segment. Once event_segment has a unit's row, that segment holds its
-- events: block rows that are still there are only waiting to be swept.

-- migration: 500
CREATE TABLE event_block (
    id $BIGINT NOT NULL PRIMARY KEY,
    unit $BIGINT NOT NULL,
    format $BIGINT NOT NULL,
    events $BIGINT NOT NULL,
    received_us $BIGINT NOT NULL,
    checksum $BYTES NOT NULL,
    data $BYTES NOT NULL
) $STRICT;
CREATE INDEX event_block_unit ON event_block (unit, id);
CREATE TABLE event_segment (
    unit $BIGINT NOT NULL PRIMARY KEY,
    format $BIGINT NOT NULL,
    file $TEXT NOT NULL,
    events $BIGINT NOT NULL,
    bytes $BIGINT NOT NULL,
    checksum $BYTES NOT NULL,
    first_block $BIGINT NOT NULL,
    last_block $BIGINT NOT NULL,
    first_at_us $BIGINT NOT NULL,
    last_at_us $BIGINT NOT NULL,
    last_received_us $BIGINT NOT NULL,
    sealed_us $BIGINT NOT NULL
) $STRICT;

-- migration: 501
-- Segments of format 2, which only a program that knows this migration can read.
SELECT 1;

-- migration: 502
-- The files of segments, cut into parts, where several servers share a truth; empty where it is embedded.
CREATE TABLE event_segment_part (
    file $TEXT NOT NULL,
    part $BIGINT NOT NULL,
    data $BYTES NOT NULL,
    PRIMARY KEY (file, part)
) $STRICT;
