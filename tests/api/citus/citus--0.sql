-- A stand-in for Citus in tests. It keeps the catalog that Citus keeps, and refuses what Citus's documentation says that it refuses;
-- rows stay where they are. That a command gets along with it says that it keeps to the rules as documented, and no more.

CREATE TABLE pg_dist_node (nodeid SERIAL PRIMARY KEY, groupid INT NOT NULL, nodename TEXT NOT NULL, nodeport INT NOT NULL, isactive BOOLEAN NOT NULL, shouldhaveshards BOOLEAN NOT NULL);
CREATE TABLE pg_dist_partition (logicalrelid REGCLASS PRIMARY KEY, partmethod "char" NOT NULL, partkey TEXT, colocationid INT NOT NULL, repmodel "char" NOT NULL);
-- What was called, and with how many shards; and how long each call takes, for tests that kill in the middle.
CREATE TABLE standin_call (number SERIAL PRIMARY KEY, name TEXT NOT NULL, relation TEXT NOT NULL, shards INT);
CREATE TABLE standin_pace (seconds DOUBLE PRECISION NOT NULL);
CREATE SEQUENCE standin_group START 2;

CREATE FUNCTION citus_set_coordinator_host(host TEXT, port INT) RETURNS void LANGUAGE sql AS $$
    INSERT INTO pg_dist_node (groupid, nodename, nodeport, isactive, shouldhaveshards) VALUES (0, host, port, true, false) $$;
CREATE FUNCTION citus_add_node(host TEXT, port INT) RETURNS INT LANGUAGE sql AS $$
    INSERT INTO pg_dist_node (groupid, nodename, nodeport, isactive, shouldhaveshards)
    VALUES ((SELECT COALESCE(max(groupid), 0) + 1 FROM pg_dist_node), host, port, true, true) RETURNING nodeid $$;
CREATE FUNCTION column_to_column_name(table_name REGCLASS, column_var_text TEXT) RETURNS TEXT LANGUAGE sql STABLE AS $$ SELECT column_var_text $$;

CREATE FUNCTION standin_begin(what TEXT, table_name REGCLASS, shards INT) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = table_name) THEN
        RAISE EXCEPTION 'table "%" is already distributed', table_name;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_dist_node WHERE isactive AND shouldhaveshards) THEN
        RAISE EXCEPTION 'there are no active worker nodes';
    END IF;
    IF EXISTS (SELECT 1 FROM pg_constraint WHERE contype = 'f' AND (conrelid = table_name OR confrelid = table_name)) THEN
        RAISE EXCEPTION 'foreign keys: nobody has looked into them here';
    END IF;
    INSERT INTO standin_call (name, relation, shards) VALUES (what, table_name::TEXT, shards);
    PERFORM pg_sleep(seconds) FROM standin_pace;
END $$;

CREATE FUNCTION create_distributed_table(table_name REGCLASS, distribution_column TEXT, distribution_type TEXT DEFAULT 'hash', colocate_with TEXT DEFAULT 'default', shard_count INT DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    col pg_attribute;
    other pg_dist_partition;
    bad TEXT;
BEGIN
    PERFORM standin_begin('create_distributed_table', table_name, shard_count);
    SELECT * INTO col FROM pg_attribute WHERE attrelid = table_name AND attname = distribution_column AND attnum > 0 AND NOT attisdropped;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'column "%" of relation "%" does not exist', distribution_column, table_name;
    END IF;
    IF NOT col.attnotnull THEN
        RAISE EXCEPTION 'cannot place a row whose "%" is NULL', distribution_column;
    END IF;
    SELECT i.indexrelid::REGCLASS::TEXT INTO bad FROM pg_index i
    WHERE i.indrelid = table_name AND i.indisunique AND NOT col.attnum = ANY ((i.indkey::SMALLINT[])[0:i.indnkeyatts - 1]) LIMIT 1;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'cannot create constraint on "%"', table_name
            USING DETAIL = 'Distributed relations cannot have UNIQUE, EXCLUDE, or PRIMARY KEY constraints that do not include the partition column: ' || bad;
    END IF;
    IF EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = table_name AND NOT tgisinternal) THEN
        RAISE EXCEPTION 'cannot distribute relation "%" because it has triggers', table_name;
    END IF;
    IF colocate_with IN ('none', 'default') THEN
        INSERT INTO pg_dist_partition VALUES (table_name, 'h', distribution_column, nextval('standin_group'), 's');
        RETURN;
    END IF;
    IF shard_count IS NOT NULL THEN
        RAISE EXCEPTION 'shard_count can not be given together with a table to be co-located with';
    END IF;
    SELECT * INTO other FROM pg_dist_partition WHERE logicalrelid = colocate_with::REGCLASS AND partmethod = 'h';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'relation % is not distributed', colocate_with;
    END IF;
    IF col.atttypid <> (SELECT atttypid FROM pg_attribute WHERE attrelid = other.logicalrelid AND attname = other.partkey) THEN
        RAISE EXCEPTION 'cannot colocate tables % and %', colocate_with, table_name USING DETAIL = 'Distribution column types don''t match';
    END IF;
    INSERT INTO pg_dist_partition VALUES (table_name, 'h', distribution_column, other.colocationid, 's');
END $$;

CREATE FUNCTION create_reference_table(table_name REGCLASS) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    PERFORM standin_begin('create_reference_table', table_name, NULL);
    INSERT INTO pg_dist_partition VALUES (table_name, 'n', NULL, 1, 't');
END $$;

CREATE FUNCTION citus_add_local_table_to_metadata(table_name REGCLASS, cascade_via_foreign_keys BOOLEAN DEFAULT false) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    PERFORM standin_begin('citus_add_local_table_to_metadata', table_name, NULL);
    IF NOT EXISTS (SELECT 1 FROM pg_dist_node WHERE groupid = 0) THEN
        RAISE EXCEPTION 'the coordinator is not in the metadata';
    END IF;
    INSERT INTO pg_dist_partition VALUES (table_name, 'n', NULL, 0, 's');
END $$;

CREATE FUNCTION truncate_local_data_after_distributing_table(function_name REGCLASS) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = function_name) THEN
        RAISE EXCEPTION 'supplied parameter is not a distributed relation';
    END IF;
    INSERT INTO standin_call (name, relation) VALUES ('truncate_local_data_after_distributing_table', function_name::TEXT);
END $$;
