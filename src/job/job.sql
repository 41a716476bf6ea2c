-- Jobs. Status: 1 queued, 2 running, 3 done, 4 failed, 5 cancelled (enum job_status).

-- name: job_insert
INSERT INTO job (id, kind, status, input, state, result, error, done, total, cancel, lease_owner, lease_until_us, created_by, created_us, started_us, finished_us)
VALUES ($id, $kind, 1, $input, '', '', '', 0, $total, 0, 0, 0, $created_by, $now_us, 0, 0);

-- name: job_due
SELECT id FROM job WHERE status = 1 OR (status = 2 AND lease_until_us < $now_us) ORDER BY id LIMIT 1;

-- name: job_lock
SELECT id FROM job WHERE id = $id;

-- Whoever takes it, or notes how far it is, is not waited for. Writers take turns today; this is right without them, too.
-- name: job_lock@postgres
SELECT id FROM job WHERE id = $id FOR UPDATE SKIP LOCKED;

-- name: job_take
UPDATE job SET status = 2, lease_owner = $owner, lease_until_us = $until_us, started_us = CASE WHEN started_us = 0 THEN $now_us ELSE started_us END
WHERE id = $id AND (status = 1 OR (status = 2 AND lease_until_us < $now_us));

-- name: job_release_all
UPDATE job SET status = 1, lease_owner = 0, lease_until_us = 0 WHERE status = 2;

-- Ids hold the number of the server that made them (base/id.h).
-- name: job_release_node
UPDATE job SET status = 1, lease_owner = 0, lease_until_us = 0 WHERE status = 2 AND ((lease_owner >> 12) & 1023) = $node;

-- name: job_progress
UPDATE job SET done = $done, total = $total, state = CASE WHEN $state = '' THEN state ELSE $state END, lease_until_us = $until_us
WHERE id = $id AND status = 2 AND lease_owner = $owner;

-- name: job_cancelled
SELECT cancel FROM job WHERE id = $id;

-- name: job_finish
UPDATE job SET status = $status, result = $result, error = $error, lease_owner = 0, lease_until_us = 0, finished_us = $finished_us
WHERE id = $id AND status = 2 AND lease_owner = $owner;

-- name: job_cancel_queued
UPDATE job SET status = 5, cancel = 1, finished_us = $now_us WHERE id = $id AND status = 1;

-- name: job_cancel_running
UPDATE job SET cancel = 1 WHERE id = $id AND status = 2;

-- name: job_by_id
SELECT id, kind, status, input, state, result, error, done, total, cancel, created_by, created_us, started_us, finished_us FROM job WHERE id = $id;

-- name: job_list
SELECT id, kind, status, input, state, result, error, done, total, cancel, created_by, created_us, started_us, finished_us
FROM job WHERE id < $before ORDER BY id DESC LIMIT $limit;

-- name: job_waiting
SELECT count(*) FROM job WHERE status = 1;
