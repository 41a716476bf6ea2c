-- Quarantine: calls that could not be taken.

-- name: quarantine_insert
INSERT INTO quarantine (id, source_id, received_us, reason, raw) VALUES ($id, $source_id, $received_us, $reason, $raw);

-- name: quarantine_list
SELECT id, source_id, received_us, reason, raw FROM quarantine
WHERE id < $before AND (reason = $reason OR $reason = '') ORDER BY id DESC LIMIT $limit;

-- name: quarantine_count
SELECT count(*) FROM (SELECT 1 FROM quarantine WHERE reason = $reason OR $reason = '' LIMIT $limit) q;

-- name: import_customer_changes
SELECT count(*) FROM customer_change WHERE customer_id = $customer_id AND ref_id = $ref_id;
