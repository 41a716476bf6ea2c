-- The tail of the event log and the register of its segments.

-- name: event_block_insert
INSERT INTO event_block (id, unit, format, events, received_us, checksum, data) VALUES ($id, $unit, $format, $events, $received_us, $checksum, $data);

-- name: event_block_get
SELECT id, unit, format, events, checksum, data FROM event_block WHERE id = $id;

-- name: event_block_of_unit
SELECT id, unit, format, events, checksum, data FROM event_block WHERE unit = $unit AND id > $after ORDER BY id LIMIT $limit;

-- name: event_block_behind
SELECT id FROM event_block WHERE unit > $unit AND id > $after ORDER BY id LIMIT 1;

-- name: event_block_unsealed
SELECT b.id AS id FROM event_block AS b WHERE b.id > $after AND NOT EXISTS (SELECT 1 FROM event_segment AS s WHERE s.unit = b.unit) ORDER BY b.id LIMIT 1;

-- name: event_block_last
SELECT max(id) FROM event_block;

-- name: event_unit_tail
SELECT b.unit AS unit, count(*) AS blocks, CAST(sum(b.events) AS BIGINT) AS events, CAST(sum(length(b.data)) AS BIGINT) AS bytes, max(b.received_us) AS last_received_us
FROM event_block AS b WHERE NOT EXISTS (SELECT 1 FROM event_segment AS s WHERE s.unit = b.unit) GROUP BY b.unit ORDER BY b.unit;

-- name: event_block_swept
DELETE FROM event_block WHERE id IN ($ids[]);

-- name: event_block_to_sweep
SELECT id, length(data) AS bytes FROM event_block WHERE unit = $unit ORDER BY id LIMIT $limit;

-- name: event_unit_to_sweep
SELECT DISTINCT b.unit AS unit FROM event_block AS b WHERE EXISTS (SELECT 1 FROM event_segment AS s WHERE s.unit = b.unit AND s.sealed_us <= $before_us) ORDER BY b.unit;

-- name: event_segment_insert
INSERT INTO event_segment (unit, format, file, events, bytes, checksum, first_block, last_block, first_at_us, last_at_us, last_received_us, sealed_us)
VALUES ($unit, $format, $file, $events, $bytes, $checksum, $first_block, $last_block, $first_at_us, $last_at_us, $last_received_us, $sealed_us);

-- name: event_segment_list
SELECT unit, format, file, events, bytes, checksum, first_block, last_block, first_at_us, last_at_us, last_received_us FROM event_segment WHERE unit > $after ORDER BY unit;

-- name: event_segment_get
SELECT unit, format, file, events, bytes, checksum, first_block, last_block, first_at_us, last_at_us, last_received_us FROM event_segment WHERE unit = $unit;

-- ---- several servers ----

-- Blocks in the order of their commits, behind the last one that is known, which comes first and without its bytes: to see that
-- it is still there. A row that is swept has no unit any more.
-- name: event_block_told
SELECT c.seq AS seq, c.ref_id AS id, b.unit AS unit, b.events AS events, b.received_us AS received_us, CASE WHEN c.seq > $known THEN b.data END AS data,
    (SELECT max(s.unit) FROM event_segment AS s) AS sealed
FROM change AS c LEFT JOIN event_block AS b ON b.id = c.ref_id WHERE c.kind = 1 AND c.seq >= $known ORDER BY c.seq LIMIT $limit;

-- name: event_unit_open
SELECT b.unit AS unit, CAST(sum(b.events) AS BIGINT) AS events FROM event_block AS b WHERE b.unit = (SELECT max(l.unit) FROM event_block AS l) GROUP BY b.unit;

-- name: event_segment_last
SELECT max(unit) FROM event_segment;

-- name: event_unit_events
SELECT CAST(sum(events) AS BIGINT) FROM event_block WHERE unit = $unit;

-- name: event_segment_part_put
INSERT INTO event_segment_part (file, part, data) VALUES ($file, $part, $data) ON CONFLICT (file, part) DO UPDATE SET data = excluded.data;

-- name: event_segment_part_get
SELECT data FROM event_segment_part WHERE file = $file AND part = $part;
