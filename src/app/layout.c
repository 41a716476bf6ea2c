/* The layout: what grows with customers lies with its customer; what is looked up by another value before the customer is known lies
 * with that value, and says whose it is; what is small and joined is everywhere; what orders things in time is on the coordinator.
 *
 * An id alone (`WHERE id = $id`) finds its row in one place only where the id is the column: customers, subjects. For the others:
 *   a document by its key          key_claim says its id and customer
 *   a document by its id alone     asks everywhere (sale_customer): its page and a matter in 待核对, an index on each shard
 *   a document's parts             whoever asks knows the document, and so its customer
 *   the parts of many documents    the follower and exports, by lists of ids: everywhere, for their rows lie everywhere
 *   a customer by her number       customer_number
 *   the devices of a customer      customer_subject; the records of a person: customer_group; who is related to her: customer_related
 *   a return by the key it names   sale_waiting; what came back of a document: sale_returned
 *   a note, address, consent, …    always with the customer
 * tools/layout_check.mjs holds each statement to it. */
#include "app/layout.h"

#include <stddef.h>

#define WITH_CUSTOMER(name, says) {name, LAYOUT_SPREAD, "customer_id", "customer", says}

const struct layout layouts[] = {
    /* first: what the others are joined with */
    {"staff", LAYOUT_REFERENCE, NULL, NULL, "some thousands of rows; histories name who did it"},
    {"staff_store", LAYOUT_REFERENCE, NULL, NULL, "belongs to staff and store"},
    {"source", LAYOUT_REFERENCE, NULL, NULL, "some dozens of rows; what came in names its source"},
    {"api_key", LAYOUT_REFERENCE, NULL, NULL, "belongs to source"},
    {"brand", LAYOUT_REFERENCE, NULL, NULL, "catalogue"},
    {"region", LAYOUT_REFERENCE, NULL, NULL, "catalogue"},
    {"store", LAYOUT_REFERENCE, NULL, NULL, "catalogue; lists of documents name the store"},
    {"category", LAYOUT_REFERENCE, NULL, NULL, "catalogue"},
    {"style", LAYOUT_REFERENCE, NULL, NULL, "catalogue"},
    {"sku", LAYOUT_REFERENCE, NULL, NULL, "catalogue; its codes are unique over all"},
    {"sku_barcode", LAYOUT_REFERENCE, NULL, NULL, "catalogue; unique over all"},
    {"sku_price", LAYOUT_REFERENCE, NULL, NULL, "catalogue"},
    {"calendar", LAYOUT_REFERENCE, NULL, NULL, "catalogue"},

    {"customer", LAYOUT_SPREAD, "id", NULL, "the record itself: the first of its group"},
    WITH_CUSTOMER("customer_contact", "read with the record"),
    WITH_CUSTOMER("customer_address", "read with the record"),
    WITH_CUSTOMER("customer_note", "read with the record"),
    WITH_CUSTOMER("customer_tag", "read with the record; lists ask for it beside customer_stat"),
    WITH_CUSTOMER("customer_relation", "read with the record"),
    WITH_CUSTOMER("customer_related", "the same relation, with the other one"),
    WITH_CUSTOMER("customer_consent", "read with the record"),
    WITH_CUSTOMER("customer_change", "read with the record"),
    WITH_CUSTOMER("customer_stat", "lists sort by it, on all shards at once"),
    WITH_CUSTOMER("customer_refund", "read with the record"),
    {"customer_number", LAYOUT_SPREAD, "number", "customer", "finds her by her number, and keeps it hers alone"},
    WITH_CUSTOMER("identifier", "read with the record"),
    WITH_CUSTOMER("identity_evidence", "read with the identifier"),
    WITH_CUSTOMER("customer_member", "asked by record: who is its head"),
    {"customer_group", LAYOUT_SPREAD, "root_id", "customer", "asked by head: which records are hers"},
    WITH_CUSTOMER("customer_subject", "asked by record: which devices are hers"),
    {"subject_link", LAYOUT_SPREAD, "subject", "customer", "asked by device, before anybody knows whose it is"},
    {"identity_log", LAYOUT_SPREAD, "winner_id", "customer", "read with the record that others were merged into"},
    WITH_CUSTOMER("sale", "read with the record; its key is claimed in key_claim"),
    WITH_CUSTOMER("sale_line", "part of the document"),
    WITH_CUSTOMER("sale_tender", "part of the document"),
    WITH_CUSTOMER("sale_share", "part of the document"),
    WITH_CUSTOMER("sale_state", "part of the document"),
    WITH_CUSTOMER("sale_returned", "with the document that was sold, for it is asked there"),

    {"key_claim", LAYOUT_SPREAD, "key_hash", NULL, "asked by identifier or document key, before anybody knows whose it is: the first of its group"},
    {"identity_use", LAYOUT_SPREAD, "key_hash", "key_claim", "counts how often an identifier was used in a day"},
    {"sale_waiting", LAYOUT_SPREAD, "return_key", NULL, "asked by the key of a document that has just come in"},
    {"event_segment_part", LAYOUT_SPREAD, "file", NULL, "the sealed event log, by far the most bytes: a file lies on one machine"},

    {"change", LAYOUT_MANAGED, NULL, NULL, "numbered by the coordinator's transactions, and read below its horizon (docs/scaling.md)"},
    {"writer", LAYOUT_MANAGED, NULL, NULL, "says which transactions were committed"},
    {"event_block", LAYOUT_LOCAL, NULL, NULL, "the tail of the event log: some minutes of events, read in the order of change"},
    {"event_segment", LAYOUT_LOCAL, NULL, NULL, "a row for 262,144 events"},
    {"identity_review", LAYOUT_LOCAL, NULL, NULL, "matters that people work off, one list over all customers"},
    {"quarantine", LAYOUT_LOCAL, NULL, NULL, "calls that could not be taken, one list"},
    {"job", LAYOUT_LOCAL, NULL, NULL, "leased among servers"},
    {"idempotency", LAYOUT_LOCAL, NULL, NULL, "a day of replies"},
    {"staff_session", LAYOUT_LOCAL, NULL, NULL, "changes with each request; a copy everywhere would make each a commit of all machines"},
    {"audit_row", LAYOUT_LOCAL, NULL, NULL, "deeds of staff, one list"},
    {"setting", LAYOUT_LOCAL, NULL, NULL, "some dozens of rows, joined with nothing"},
    {"schema_migration", LAYOUT_LOCAL, NULL, NULL, "which migrations were applied"},
    {.table = NULL},
};
