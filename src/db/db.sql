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

-- name: change_last
SELECT max(seq) FROM change;
