-- Who holds what, who is one with whom, and why.

-- name: key_claim_get
SELECT customer_id, ref_id FROM key_claim WHERE key_hash = $key_hash;

-- name: key_claim_list
SELECT key_hash, customer_id, ref_id FROM key_claim WHERE key_hash IN ($hashes[bytes]) ORDER BY key_hash;

-- name: key_claim_insert
INSERT INTO key_claim (key_hash, customer_id, ref_id) VALUES ($key_hash, $customer_id, $ref_id);

-- name: identifier_insert
INSERT INTO identifier (customer_id, id, kind, scope, key_hash, status, source_id, first_us, last_us, uses)
VALUES ($customer_id, $id, $kind, $scope, $key_hash, $status, $source_id, $at_us, $at_us, 1);

-- name: identifier_used
UPDATE identifier SET uses = uses + 1,
    last_us = CASE WHEN last_us < $at_us THEN $at_us ELSE last_us END,
    first_us = CASE WHEN first_us > $at_us THEN $at_us ELSE first_us END
WHERE customer_id = $customer_id AND id = $id;

-- name: identifier_set_status
UPDATE identifier SET status = $status WHERE customer_id = $customer_id AND id = $id;

-- name: key_claim_release
DELETE FROM key_claim WHERE key_hash = $key_hash AND customer_id = $customer_id AND ref_id = $id;

-- name: identity_removal_of
SELECT l.at_us, l.staff_id, l.before_json, COALESCE(s.name, '') AS staff FROM identity_log l LEFT JOIN staff s ON s.id = l.staff_id
WHERE l.kind = 'remove' AND l.winner_id IN ($members[]) AND l.loser_id = $identifier_id ORDER BY l.id DESC LIMIT 1;

-- name: identifier_of_members
SELECT customer_id, id, kind, scope, key_hash, status, source_id, first_us, last_us, uses
FROM identifier WHERE customer_id IN ($members[]) ORDER BY kind, first_us, id;

-- name: identifier_count
SELECT count(*) FROM identifier WHERE customer_id IN ($members[]);

-- name: identifier_get
SELECT customer_id, id, kind, scope, key_hash, status FROM identifier WHERE customer_id IN ($members[]) AND id = $id;

-- What has been proven of these identifiers, by whom and how.
-- name: identity_evidence_known
SELECT DISTINCT customer_id, identifier_id, source_id, rule FROM identity_evidence
WHERE customer_id IN ($members[]) AND identifier_id IN ($identifiers[]) ORDER BY customer_id, identifier_id, source_id, rule;

-- name: identity_evidence_insert
INSERT INTO identity_evidence (customer_id, id, identifier_id, source_id, ref_kind, ref_id, at_us, rule, rule_version, proven)
VALUES ($customer_id, $id, $identifier_id, $source_id, $ref_kind, $ref_id, $at_us, $rule, $rule_version, $proven);

-- name: identity_evidence_list
SELECT id, source_id, ref_kind, ref_id, at_us, rule, rule_version, proven FROM identity_evidence
WHERE customer_id IN ($members[]) AND identifier_id = $identifier_id ORDER BY at_us, id, customer_id LIMIT 200;

-- name: subject_link_get
SELECT subject, customer_id, pseudonym, shared FROM subject_link WHERE subject IN ($subjects[]) ORDER BY subject;

-- name: subject_link_insert
INSERT INTO subject_link (subject, customer_id, is_device, pseudonym, shared, at_us) VALUES ($subject, $customer_id, $is_device, $pseudonym, 0, $at_us);

-- name: subject_link_share
UPDATE subject_link SET shared = 1 WHERE subject = $subject;

-- name: customer_subject_insert
INSERT INTO customer_subject (customer_id, subject) VALUES ($customer_id, $subject);

-- name: customer_subject_list
SELECT subject FROM customer_subject WHERE customer_id IN ($members[]) ORDER BY subject, customer_id LIMIT 1000;

-- name: subject_link_devices
SELECT subject, at_us FROM subject_link WHERE subject IN ($subjects[]) AND is_device = 1 ORDER BY at_us, subject LIMIT 200;

-- name: customer_member_root
SELECT root_id FROM customer_member WHERE customer_id = $customer_id;

-- name: customer_member_roots
SELECT customer_id, root_id FROM customer_member WHERE customer_id IN ($ids[]) ORDER BY customer_id;

-- name: customer_member_of_roots
SELECT root_id, customer_id FROM customer_group WHERE root_id IN ($roots[]) ORDER BY root_id, customer_id;

-- name: customer_member_list
SELECT customer_id FROM customer_group WHERE root_id = $root_id ORDER BY customer_id;

-- name: customer_member_insert
INSERT INTO customer_member (customer_id, root_id, merge_id) VALUES ($customer_id, $root_id, $merge_id);

-- name: customer_member_move
UPDATE customer_member SET root_id = $winner WHERE customer_id IN ($ids[]);

-- name: customer_group_insert
INSERT INTO customer_group (root_id, customer_id) VALUES ($root_id, $customer_id);

-- name: customer_group_delete
DELETE FROM customer_group WHERE root_id = $root_id;

-- name: identity_log_insert
INSERT INTO identity_log (id, kind, winner_id, loser_id, rule, rule_version, ref_kind, ref_id, staff_id, before_json, at_us)
VALUES ($id, $kind, $winner_id, $loser_id, $rule, $rule_version, $ref_kind, $ref_id, $staff_id, $before_json, $at_us);

-- name: identity_log_of
SELECT id, kind, winner_id, loser_id, rule, ref_kind, ref_id, at_us FROM identity_log
WHERE kind = 'merge' AND winner_id IN ($members[]) AND (at_us, id) < ($before_us, $before_id)
ORDER BY at_us DESC, id DESC LIMIT $limit;

-- name: identity_review_insert
INSERT INTO identity_review (id, rule, left_id, right_id, kinds, ref_kind, ref_id, status, reason, staff_id, at_us, rev)
VALUES ($id, $rule, $left_id, $right_id, $kinds, $ref_kind, $ref_id, 'open', '', 0, $at_us, 1)
ON CONFLICT (left_id, right_id, rule) DO NOTHING;

-- A matter of one thing: right_id is that thing.
-- name: identity_review_note
INSERT INTO identity_review (id, rule, left_id, right_id, kinds, ref_kind, ref_id, status, reason, staff_id, at_us, rev)
VALUES ($id, $rule, $customer_id, $thing_id, '', $thing_kind, $thing_id, 'open', '', 0, $at_us, 1)
ON CONFLICT (left_id, right_id, rule) DO UPDATE SET status = 'open', at_us = excluded.at_us, rev = identity_review.rev + 1;

-- name: identity_review_list
SELECT id, rule, left_id, right_id, kinds, ref_kind, ref_id, status, reason, at_us, rev FROM identity_review
WHERE status = $status AND id < $before ORDER BY id DESC LIMIT $limit;

-- name: identity_review_count
SELECT count(*) FROM identity_review WHERE status = $status;

-- name: identity_review_get
SELECT id, rule, left_id, right_id, ref_id, status, rev FROM identity_review WHERE id = $id;

-- name: identity_review_decide
UPDATE identity_review SET status = $status, reason = $reason, staff_id = $staff_id, rev = rev + 1 WHERE id = $id AND rev = $rev;

-- name: identity_use_add
INSERT INTO identity_use (key_hash, business_day, uses) VALUES ($key_hash, $business_day, 1)
ON CONFLICT (key_hash, business_day) DO UPDATE SET uses = identity_use.uses + 1;

-- name: identity_use_get
SELECT uses FROM identity_use WHERE key_hash = $key_hash AND business_day = $business_day;

-- name: identity_erase_keys
SELECT key_hash FROM identifier WHERE customer_id = $customer_id;

-- name: identity_erase_key
DELETE FROM key_claim WHERE key_hash = $key_hash AND customer_id = $customer_id;

-- name: identity_erase_evidence
DELETE FROM identity_evidence WHERE customer_id = $customer_id;

-- name: identity_erase_identifiers
DELETE FROM identifier WHERE customer_id = $customer_id;

-- name: identity_erase_subjects
DELETE FROM customer_subject WHERE customer_id = $customer_id AND subject IN ($subjects[]);

-- name: identity_erase_links
DELETE FROM subject_link WHERE subject IN ($subjects[]);
