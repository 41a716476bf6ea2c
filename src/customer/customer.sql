-- The customer record. Lists go by keyset; sealed columns are opened by the vault, never here.

-- ---- profiles ----

-- name: customer_profiles
SELECT id, rev, number, brand_id, sealed_for, name, name_hash, name_us, birthday, birthday_hash, birthday_us, gender, gender_us,
    class, class_us, organisation, organisation_us, member, member_us, home_store_id, home_store_us, own_assistant, own_assistant_us,
    size_top, size_top_us, size_bottom, size_bottom_us, size_shoe, size_shoe_us, tastes, tastes_us,
    first_source_id, first_store_id, created_us, updated_us
FROM customer WHERE id IN ($ids[]) ORDER BY id;

-- name: customer_put
INSERT INTO customer (id, rev, number, brand_id, sealed_for, name, name_hash, name_us, birthday, birthday_hash, birthday_us, gender, gender_us,
    class, class_us, organisation, organisation_us, member, member_us, home_store_id, home_store_us, own_assistant, own_assistant_us,
    size_top, size_top_us, size_bottom, size_bottom_us, size_shoe, size_shoe_us, tastes, tastes_us,
    first_source_id, first_store_id, created_us, updated_us)
VALUES ($id, $rev, $number, $brand_id, $sealed_for, $name, $name_hash, $name_us, $birthday, $birthday_hash, $birthday_us, $gender, $gender_us,
    $class, $class_us, $organisation, $organisation_us, $member, $member_us, $home_store_id, $home_store_us, $own_assistant, $own_assistant_us,
    $size_top, $size_top_us, $size_bottom, $size_bottom_us, $size_shoe, $size_shoe_us, $tastes, $tastes_us,
    $first_source_id, $first_store_id, $created_us, $updated_us)
ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, name = excluded.name, name_hash = excluded.name_hash, name_us = excluded.name_us,
    birthday = excluded.birthday, birthday_hash = excluded.birthday_hash, birthday_us = excluded.birthday_us,
    gender = excluded.gender, gender_us = excluded.gender_us, class = excluded.class, class_us = excluded.class_us,
    organisation = excluded.organisation, organisation_us = excluded.organisation_us, member = excluded.member, member_us = excluded.member_us,
    home_store_id = excluded.home_store_id, home_store_us = excluded.home_store_us, own_assistant = excluded.own_assistant,
    own_assistant_us = excluded.own_assistant_us, size_top = excluded.size_top, size_top_us = excluded.size_top_us,
    size_bottom = excluded.size_bottom, size_bottom_us = excluded.size_bottom_us, size_shoe = excluded.size_shoe,
    size_shoe_us = excluded.size_shoe_us, tastes = excluded.tastes, tastes_us = excluded.tastes_us, updated_us = excluded.updated_us;

-- all shards: the next number follows the highest of all; one end of an index on each, once a commit that has somebody new.
-- name: customer_last_number
SELECT max(number) FROM customer_number;

-- name: customer_by_number
SELECT customer_id FROM customer_number WHERE number = $number;

-- name: customer_number_insert
INSERT INTO customer_number (number, customer_id) VALUES ($number, $customer_id);

-- ---- contacts and addresses ----

-- name: customer_contacts
SELECT customer_id, id, kind, scope, key_hash, value, sealed_for, source_id, first_us, last_us
FROM customer_contact WHERE customer_id IN ($ids[]) ORDER BY customer_id, last_us DESC, id DESC;

-- name: customer_contact_known
SELECT customer_id, id, key_hash, last_us FROM customer_contact WHERE customer_id IN ($ids[]);

-- name: customer_contact_insert
INSERT INTO customer_contact (customer_id, key_hash, id, kind, scope, value, sealed_for, source_id, first_us, last_us)
VALUES ($customer_id, $key_hash, $id, $kind, $scope, $value, $sealed_for, $source_id, $at_us, $at_us);

-- name: customer_contact_held
SELECT k.customer_id, k.id, k.kind, k.value, k.sealed_for, c.rev FROM customer_contact k JOIN customer c ON c.id = k.customer_id
WHERE k.customer_id IN ($ids[]) AND k.key_hash = $key_hash
ORDER BY k.last_us DESC, k.id DESC, k.customer_id DESC LIMIT 1;

-- name: customer_contact_of
SELECT customer_id, kind, key_hash FROM customer_contact WHERE customer_id IN ($ids[]) AND id = $id;

-- name: customer_contact_delete
DELETE FROM customer_contact WHERE customer_id IN ($ids[]) AND key_hash = $key_hash;

-- What stood in contacts that were taken off; ref_id is the identifier.
-- name: customer_contacts_removed
SELECT kind, item_id, old_sealed, sealed_for, ref_id FROM customer_change
WHERE customer_id IN ($ids[]) AND source_kind = 'removal' AND old_sealed IS NOT NULL ORDER BY id;

-- name: customer_contact_came
UPDATE customer_contact SET last_us = $at_us WHERE customer_id = $customer_id AND key_hash = $key_hash AND last_us < $at_us;

-- name: customer_address_known
SELECT customer_id, id, value_hash, last_us FROM customer_address WHERE customer_id IN ($ids[]);

-- name: customer_addresses
SELECT customer_id, id, province, city, value, sealed_for, last_us
FROM customer_address WHERE customer_id IN ($ids[]) ORDER BY last_us DESC, id DESC;

-- name: customer_address_insert
INSERT INTO customer_address (customer_id, id, value_hash, province, city, value, sealed_for, source_id, last_us)
VALUES ($customer_id, $id, $value_hash, $province, $city, $value, $sealed_for, $source_id, $at_us);

-- name: customer_address_came
UPDATE customer_address SET last_us = $at_us WHERE customer_id = $customer_id AND id = $id AND last_us < $at_us;

-- ---- notes, tags, consents, history ----

-- name: customer_note_insert
INSERT INTO customer_note (customer_id, id, text, sealed_for, staff_id, at_us) VALUES ($customer_id, $id, $text, $sealed_for, $staff_id, $at_us);

-- name: customer_notes
SELECT customer_id, id, text, sealed_for, staff_id, at_us
FROM customer_note WHERE customer_id IN ($ids[]) ORDER BY at_us DESC, id DESC, customer_id DESC LIMIT $limit;

-- name: customer_tags
SELECT customer_id, tag FROM customer_tag WHERE customer_id IN ($ids[]) ORDER BY tag;

-- name: customer_tag_insert
INSERT INTO customer_tag (customer_id, tag, staff_id, at_us) VALUES ($customer_id, $tag, $staff_id, $at_us)
ON CONFLICT (customer_id, tag) DO NOTHING;

-- name: customer_tag_delete
DELETE FROM customer_tag WHERE customer_id IN ($ids[]) AND tag = $tag;

-- all shards: the words that anybody has.
-- name: customer_tag_words
SELECT DISTINCT tag FROM customer_tag ORDER BY tag LIMIT 500;

-- name: customer_relations_from
SELECT other_id, kind, at_us FROM customer_relation WHERE customer_id IN ($ids[]) ORDER BY kind, at_us, other_id, customer_id LIMIT $limit;

-- name: customer_relations_to
SELECT other_id, kind, at_us FROM customer_related WHERE customer_id IN ($ids[]) ORDER BY kind, at_us, other_id, customer_id LIMIT $limit;

-- name: customer_relation_insert
INSERT INTO customer_relation (customer_id, other_id, kind, staff_id, at_us) VALUES ($customer_id, $other_id, $kind, $staff_id, $at_us)
ON CONFLICT (customer_id, other_id, kind) DO NOTHING;

-- name: customer_relation_delete
DELETE FROM customer_relation WHERE kind = $kind AND customer_id IN ($from[]) AND other_id IN ($to[]);

-- name: customer_related_insert
INSERT INTO customer_related (customer_id, other_id, kind, at_us) VALUES ($customer_id, $other_id, $kind, $at_us)
ON CONFLICT (customer_id, other_id, kind) DO NOTHING;

-- name: customer_related_delete
DELETE FROM customer_related WHERE kind = $kind AND customer_id IN ($to[]) AND other_id IN ($from[]);

-- name: customer_refund_of
SELECT customer_id, id, value, sealed_for, at_us, until_us FROM customer_refund
WHERE customer_id IN ($ids[]) AND until_us > $now_us ORDER BY at_us DESC, customer_id DESC LIMIT 1;

-- name: customer_refund_insert
INSERT INTO customer_refund (customer_id, id, value, sealed_for, staff_id, at_us, until_us)
VALUES ($customer_id, $id, $value, $sealed_for, $staff_id, $at_us, $until_us);

-- name: customer_refund_delete
DELETE FROM customer_refund WHERE customer_id IN ($ids[]);

-- all shards: a sweep, now and then.
-- name: customer_refund_over
SELECT customer_id FROM customer_refund WHERE until_us <= $now_us ORDER BY until_us, customer_id LIMIT $limit;

-- 8 is the kind once more: with the number in the text the statement may use the index of these rows alone.
-- all shards: a sweep, now and then.
-- name: customer_refund_forget
UPDATE customer_change SET old_sealed = NULL, new_sealed = NULL
WHERE kind = $kind AND kind = 8 AND at_us <= $before_us AND (old_sealed IS NOT NULL OR new_sealed IS NOT NULL);

-- name: customer_consent_insert
INSERT INTO customer_consent (customer_id, id, purpose, channel, status, text_version, proof, staff_id, source_id, at_us)
VALUES ($customer_id, $id, $purpose, $channel, $status, $text_version, $proof, $staff_id, $source_id, $at_us);

-- name: customer_consents
SELECT id, purpose, channel, status, text_version, proof, staff_id, source_id, at_us
FROM customer_consent WHERE customer_id IN ($ids[]) ORDER BY purpose, channel, at_us DESC, id DESC;

-- name: customer_change_insert
INSERT INTO customer_change (customer_id, id, rev, field, kind, item_id, old_text, new_text, old_sealed, new_sealed, sealed_for,
    staff_id, source_kind, source_id, ref_id, at_us)
VALUES ($customer_id, $id, $rev, $field, $kind, $item_id, $old_text, $new_text, $old_sealed, $new_sealed, $sealed_for,
    $staff_id, $source_kind, $source_id, $ref_id, $at_us);

-- name: customer_changes
SELECT customer_id, id, rev, field, kind, item_id, old_text, new_text, old_sealed, new_sealed, sealed_for, staff_id, source_kind, source_id, ref_id, at_us
FROM customer_change WHERE customer_id IN ($ids[]) AND id < $before_id ORDER BY id DESC, customer_id DESC LIMIT $limit;

-- ---- totals ----

-- name: customer_stat_insert
INSERT INTO customer_stat (customer_id, listed, home_store_id, class, orders, units, spent_minor, returned_minor, web_orders, web_spent_minor,
    first_seen_us, last_seen_us, last_order_us)
VALUES ($customer_id, 1, $home_store_id, $class, 0, 0, 0, 0, 0, 0, $at_us, $at_us, 0)
ON CONFLICT (customer_id) DO NOTHING;

-- name: customer_stat_facets
UPDATE customer_stat SET home_store_id = $home_store_id, class = $class WHERE customer_id = $customer_id;

-- name: customer_stat_add
UPDATE customer_stat SET orders = orders + $orders, units = units + $units, spent_minor = spent_minor + $spent_minor,
    returned_minor = returned_minor + $returned_minor, web_orders = web_orders + $web_orders, web_spent_minor = web_spent_minor + $web_spent_minor,
    last_seen_us = CASE WHEN last_seen_us < $seen_us THEN $seen_us ELSE last_seen_us END,
    first_seen_us = CASE WHEN $seen_us > 0 AND $seen_us < first_seen_us THEN $seen_us ELSE first_seen_us END,
    last_order_us = CASE WHEN last_order_us < $order_us THEN $order_us ELSE last_order_us END
WHERE customer_id = $customer_id;

-- name: customer_stat_get
SELECT customer_id, listed, home_store_id, class, orders, units, spent_minor, returned_minor, web_orders, web_spent_minor,
    first_seen_us, last_seen_us, last_order_us
FROM customer_stat WHERE customer_id = $customer_id;

-- name: customer_stat_first
UPDATE customer_stat SET first_seen_us = $first_seen_us WHERE customer_id = $customer_id AND first_seen_us > $first_seen_us;

-- name: customer_stat_unlist
UPDATE customer_stat SET listed = 0 WHERE customer_id = $customer_id;

-- name: customer_tags_of
SELECT tag, staff_id, at_us FROM customer_tag WHERE customer_id = $customer_id ORDER BY tag;

-- ---- pages ----

-- name: customer_stats
SELECT customer_id, orders, units, spent_minor, returned_minor, web_orders, web_spent_minor, first_seen_us, last_seen_us, last_order_us
FROM customer_stat WHERE customer_id IN ($ids[]);

-- name: customer_stores
SELECT id, code, name FROM store WHERE id IN ($ids[]);

-- name: customer_store_by_code
SELECT id FROM store WHERE code = $code;

-- name: customer_staff_names
SELECT id, name FROM staff WHERE id IN ($ids[]);

-- name: customer_source_names
SELECT id, name FROM source WHERE id IN ($ids[]);

-- ---- lists: $value and $id are the last row's of the page before ----

-- all shards: the list of all customers: a page from each, merged.
-- name: customer_list_seen_down
SELECT s.customer_id AS id, s.last_seen_us AS value FROM customer_stat s
WHERE s.listed = 1 AND ($every_store = 1 OR s.home_store_id IN ($stores[])) AND ($class = 0 OR s.class = $class)
    AND ($tag = '' OR EXISTS (SELECT 1 FROM customer_tag t WHERE t.customer_id = s.customer_id AND t.tag = $tag))
    AND (s.last_seen_us, s.customer_id) < ($value, $id)
ORDER BY s.last_seen_us DESC, s.customer_id DESC LIMIT $limit;

-- all shards: the list of all customers: a page from each, merged.
-- name: customer_list_seen_up
SELECT s.customer_id AS id, s.last_seen_us AS value FROM customer_stat s
WHERE s.listed = 1 AND ($every_store = 1 OR s.home_store_id IN ($stores[])) AND ($class = 0 OR s.class = $class)
    AND ($tag = '' OR EXISTS (SELECT 1 FROM customer_tag t WHERE t.customer_id = s.customer_id AND t.tag = $tag))
    AND (s.last_seen_us, s.customer_id) > ($value, $id)
ORDER BY s.last_seen_us ASC, s.customer_id ASC LIMIT $limit;

-- all shards: the list of all customers: a page from each, merged.
-- name: customer_list_spent_down
SELECT s.customer_id AS id, s.spent_minor AS value FROM customer_stat s
WHERE s.listed = 1 AND ($every_store = 1 OR s.home_store_id IN ($stores[])) AND ($class = 0 OR s.class = $class)
    AND ($tag = '' OR EXISTS (SELECT 1 FROM customer_tag t WHERE t.customer_id = s.customer_id AND t.tag = $tag))
    AND (s.spent_minor, s.customer_id) < ($value, $id)
ORDER BY s.spent_minor DESC, s.customer_id DESC LIMIT $limit;

-- all shards: the list of all customers: a page from each, merged.
-- name: customer_list_spent_up
SELECT s.customer_id AS id, s.spent_minor AS value FROM customer_stat s
WHERE s.listed = 1 AND ($every_store = 1 OR s.home_store_id IN ($stores[])) AND ($class = 0 OR s.class = $class)
    AND ($tag = '' OR EXISTS (SELECT 1 FROM customer_tag t WHERE t.customer_id = s.customer_id AND t.tag = $tag))
    AND (s.spent_minor, s.customer_id) > ($value, $id)
ORDER BY s.spent_minor ASC, s.customer_id ASC LIMIT $limit;

-- all shards: the list of all customers: a page from each, merged.
-- name: customer_list_orders_down
SELECT s.customer_id AS id, s.orders AS value FROM customer_stat s
WHERE s.listed = 1 AND ($every_store = 1 OR s.home_store_id IN ($stores[])) AND ($class = 0 OR s.class = $class)
    AND ($tag = '' OR EXISTS (SELECT 1 FROM customer_tag t WHERE t.customer_id = s.customer_id AND t.tag = $tag))
    AND (s.orders, s.customer_id) < ($value, $id)
ORDER BY s.orders DESC, s.customer_id DESC LIMIT $limit;

-- all shards: the list of all customers: a page from each, merged.
-- name: customer_list_orders_up
SELECT s.customer_id AS id, s.orders AS value FROM customer_stat s
WHERE s.listed = 1 AND ($every_store = 1 OR s.home_store_id IN ($stores[])) AND ($class = 0 OR s.class = $class)
    AND ($tag = '' OR EXISTS (SELECT 1 FROM customer_tag t WHERE t.customer_id = s.customer_id AND t.tag = $tag))
    AND (s.orders, s.customer_id) > ($value, $id)
ORDER BY s.orders ASC, s.customer_id ASC LIMIT $limit;

-- all shards: the list of all customers: a page from each, merged.
-- name: customer_list_created_down
SELECT s.customer_id AS id, s.customer_id AS value FROM customer_stat s
WHERE s.listed = 1 AND ($every_store = 1 OR s.home_store_id IN ($stores[])) AND ($class = 0 OR s.class = $class)
    AND ($tag = '' OR EXISTS (SELECT 1 FROM customer_tag t WHERE t.customer_id = s.customer_id AND t.tag = $tag))
    AND s.customer_id < $id AND s.customer_id <= $value
ORDER BY s.customer_id DESC LIMIT $limit;

-- all shards: the list of all customers: a page from each, merged.
-- name: customer_list_created_up
SELECT s.customer_id AS id, s.customer_id AS value FROM customer_stat s
WHERE s.listed = 1 AND ($every_store = 1 OR s.home_store_id IN ($stores[])) AND ($class = 0 OR s.class = $class)
    AND ($tag = '' OR EXISTS (SELECT 1 FROM customer_tag t WHERE t.customer_id = s.customer_id AND t.tag = $tag))
    AND s.customer_id > $id AND s.customer_id >= $value
ORDER BY s.customer_id ASC LIMIT $limit;

-- Small sets are read whole and sorted by the caller.

-- all shards: the list of all customers, filtered.
-- name: customer_set_tag
SELECT s.customer_id AS id, s.last_seen_us, s.spent_minor, s.orders FROM customer_tag d JOIN customer_stat s ON s.customer_id = d.customer_id
WHERE s.listed = 1 AND ($every_store = 1 OR s.home_store_id IN ($stores[])) AND ($class = 0 OR s.class = $class)
    AND ($tag = '' OR EXISTS (SELECT 1 FROM customer_tag t WHERE t.customer_id = s.customer_id AND t.tag = $tag))
    AND d.tag = $tag;

-- all shards: the list of all customers, filtered.
-- name: customer_set_class
SELECT s.customer_id AS id, s.last_seen_us, s.spent_minor, s.orders FROM customer_stat s
WHERE s.listed = 1 AND ($every_store = 1 OR s.home_store_id IN ($stores[])) AND ($class = 0 OR s.class = $class)
    AND ($tag = '' OR EXISTS (SELECT 1 FROM customer_tag t WHERE t.customer_id = s.customer_id AND t.tag = $tag))
    AND s.class = $class AND s.class <> 1;

-- all shards: the list of all customers, filtered.
-- name: customer_set_store
SELECT s.customer_id AS id, s.last_seen_us, s.spent_minor, s.orders FROM customer_stat s
WHERE s.listed = 1 AND ($every_store = 1 OR s.home_store_id IN ($stores[])) AND ($class = 0 OR s.class = $class)
    AND ($tag = '' OR EXISTS (SELECT 1 FROM customer_tag t WHERE t.customer_id = s.customer_id AND t.tag = $tag))
    AND s.home_store_id IN ($stores[]);

-- all shards: the list of all customers, counted.
-- name: customer_count_tag
SELECT count(*) FROM (SELECT 1 FROM customer_tag WHERE tag = $tag LIMIT $count_max) AS counted;

-- all shards: the list of all customers, counted.
-- name: customer_count_class
SELECT count(*) FROM (SELECT 1 FROM customer_stat WHERE class = $class AND class <> 1 LIMIT $count_max) AS counted;

-- all shards: the list of all customers, counted.
-- name: customer_count_store
SELECT count(*) FROM (SELECT 1 FROM customer_stat WHERE home_store_id IN ($stores[]) LIMIT $count_max) AS counted;

-- all shards: the list of all customers, counted.
-- name: customer_count_all
SELECT count(*) FROM (SELECT 1 FROM customer_stat WHERE listed = 1 LIMIT $count_max) AS counted;

-- ---- her story ----

-- name: customer_story_notes
SELECT id, at_us, staff_id FROM customer_note WHERE customer_id IN ($ids[]) AND (at_us, id) < ($before_us, $before_id)
ORDER BY at_us DESC, id DESC, customer_id DESC LIMIT $limit;

-- name: customer_story_consents
SELECT id, at_us, purpose, channel, status, text_version, staff_id FROM customer_consent
WHERE customer_id IN ($ids[]) AND (at_us, id) < ($before_us, $before_id)
ORDER BY at_us DESC, id DESC, customer_id DESC LIMIT $limit;

-- name: customer_story_changes
SELECT id, at_us, field, source_kind, staff_id FROM customer_change
WHERE customer_id IN ($ids[]) AND staff_id <> 0 AND field <> 'merged' AND (at_us, id) < ($before_us, $before_id)
ORDER BY at_us DESC, id DESC, customer_id DESC LIMIT $limit;

-- name: customer_changed_since
SELECT DISTINCT field FROM customer_change WHERE customer_id = $customer_id AND rev > $rev ORDER BY field;

-- ---- the vault's memory index ----

-- all shards: the vault reads everybody's names when it starts.
-- name: customer_feed_records
SELECT id, sealed_for, name, home_store_id FROM customer WHERE id > $after ORDER BY id LIMIT $limit;

-- all shards: the vault reads everybody's phones when it starts.
-- name: customer_feed_phones
SELECT customer_id, id, value, sealed_for FROM customer_contact
WHERE customer_id > $after AND customer_id <= $upto AND kind = $kind ORDER BY customer_id, last_us;

-- all shards: the vault reads who was merged when it starts.
-- name: customer_merged_ids
SELECT customer_id FROM customer_stat WHERE listed = 0 AND customer_id > $after ORDER BY customer_id LIMIT $limit;

-- name: customer_known_ids
SELECT id FROM customer WHERE id IN ($ids[]);

-- ---- export and erasure ----

-- all shards: an export is of everybody.
-- name: customer_export_ids
SELECT customer_id FROM customer_stat WHERE listed = 1 AND customer_id > $after ORDER BY customer_id LIMIT $limit;

-- name: customer_erase_profile
UPDATE customer SET name = NULL, name_hash = NULL, name_us = NULL, birthday = NULL, birthday_hash = NULL, birthday_us = NULL,
    size_top = NULL, size_bottom = NULL, size_shoe = NULL, tastes = NULL, updated_us = $now_us, rev = rev + 1
WHERE id = $customer_id;

-- name: customer_erase_contacts
DELETE FROM customer_contact WHERE customer_id = $customer_id;

-- name: customer_erase_addresses
DELETE FROM customer_address WHERE customer_id = $customer_id;

-- name: customer_erase_notes
DELETE FROM customer_note WHERE customer_id = $customer_id;

-- name: customer_erase_tags
DELETE FROM customer_tag WHERE customer_id = $customer_id;

-- name: customer_erase_relations
DELETE FROM customer_relation WHERE customer_id = $customer_id;

-- name: customer_erase_related
DELETE FROM customer_related WHERE customer_id = $customer_id;

-- name: customer_relation_forget
DELETE FROM customer_relation WHERE customer_id IN ($others[]) AND other_id = $customer_id;

-- name: customer_related_forget
DELETE FROM customer_related WHERE customer_id IN ($others[]) AND other_id = $customer_id;

-- name: customer_relation_ends
SELECT other_id FROM customer_relation WHERE customer_id = $customer_id;

-- name: customer_related_ends
SELECT other_id FROM customer_related WHERE customer_id = $customer_id;

-- name: customer_erase_refund
DELETE FROM customer_refund WHERE customer_id = $customer_id;

-- name: customer_erase_changes
UPDATE customer_change SET old_text = NULL, new_text = NULL, old_sealed = NULL, new_sealed = NULL WHERE customer_id = $customer_id;
