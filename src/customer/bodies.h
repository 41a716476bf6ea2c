/* Bodies of the customer's routes, as the field tables decode them. */
#ifndef ZX_CUSTOMER_BODIES_H
#define ZX_CUSTOMER_BODIES_H

#include "customer/customer_priv.h"

struct search_in {
    struct str q, store, tag, class, sort, after;
    int64_t limit;
};

struct lookup_in {
    struct str q;
};

struct duplicates_in {
    struct str name, phone, email, card;
};

struct sizes_in {
    struct str top, bottom, shoe;
};

struct form_in {
    struct str name, gender, birthday;
    struct field_list phones, emails, cards, addresses;
    struct str wechat_unionid, weibo_uid, home_store, own_assistant;
    struct sizes_in sizes;
    struct field_list tastes, tags;
    struct str note, class, kind;
    bool member;
};

struct note_in {
    struct str text;
};

struct tags_in {
    struct field_list tags;
};

struct consent_in {
    struct str purpose, channel, text_version, proof;
    int status;
};

struct relation_in {
    int kind;                    /* position in customer_relation_words[] */
    int64_t customer_id;
};

struct refund_in {
    struct str holder, bank, account;
};

struct reveal_in {
    struct field_list fields;
    struct str purpose, reason;
};

extern const struct field customer_search_fields[], customer_lookup_fields[], customer_duplicates_fields[], customer_form_fields[], customer_note_fields[],
    customer_tags_fields[], customer_consent_fields[], customer_reveal_fields[], customer_relation_fields[], customer_refund_fields[];

extern const struct field customer_row_out[], customer_out[], customer_lookup_out[], customer_duplicates_out[], customer_story_out[], customer_change_out[],
    customer_note_out[], customer_tags_out[], customer_consent_out[], customer_reveal_out[], customer_relations_out[], customer_refund_out[];

#endif
