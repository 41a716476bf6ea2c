-- What the database layer itself keeps: the migrations applied, and the commit-ordered log of changes.

-- name: schema_migration_known
SELECT 1 FROM schema_migration WHERE number = $number;

-- name: schema_migration_insert
INSERT INTO schema_migration (number, at_us) VALUES ($number, $at_us);

-- name: schema_migration_count
SELECT count(*) FROM schema_migration;

-- name: change_insert
INSERT INTO change (kind, ref_id, customer_id, count, at_us) VALUES ($kind, $ref_id, $customer_id, $count, $at_us);

-- name: change_after
SELECT seq, kind, ref_id, customer_id, count, at_us FROM change WHERE seq > $after ORDER BY seq LIMIT $limit;

-- A transaction with a smaller number may commit later; what is at or above the oldest one that still runs is not read yet
-- (change_horizon() in postgres.c, asked once).
-- name: change_after@postgres
SELECT seq, kind, ref_id, customer_id, count, at_us FROM change
WHERE seq > $after AND seq < (SELECT change_horizon()) ORDER BY seq LIMIT $limit;

-- name: change_last
SELECT max(seq) FROM change;

-- The last that change_after would give.
-- name: change_last@postgres
SELECT max(seq) FROM change WHERE seq < (SELECT change_horizon());

-- Also of what change_after does not give yet.
-- name: change_waits_since
SELECT at_us FROM change WHERE seq > $after ORDER BY seq LIMIT 1;

-- An embedded truth has one server and nobody to tell or to lock out: these three are PostgreSQL's alone.
-- name: tell@postgres
SELECT pg_notify('zhixin', $word);

-- See tell.
-- name: lock_try@postgres
SELECT pg_try_advisory_lock($lock);

-- See tell.
-- name: lock_end@postgres
SELECT pg_advisory_unlock($lock);
