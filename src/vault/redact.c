/* Personal values in free text: telephone numbers, e-mail addresses, ID numbers, payment cards. One pass over the bytes; text with
 * neither seven digits nor an '@' costs about a nanosecond a byte. No keys, no ICU; runs in the caller's process. */
#include "vault/normalise.h"
#include "vault/phone.h"

#include <string.h>

enum {
    TRIGGER_DIGITS = 7,
    GROUPS_MAX = 8,        /* "4111 1111 1111 1111 111" has five */
    DIGITS_MAX = 24,
    GAP_MAX = 2,           /* characters between groups: ") " */
    CARD_MIN = 13,
    CARD_MAX = 19,
};

/* Where something personal stands. */
struct find {
    enum vault_field field;
    size_t from, to;
};

/* ---- digits, also full-width ones (EF BC 90 … 99) ---- */

static size_t digit_at(struct str s, size_t i, char *ret)
{
    const unsigned char *p = (const unsigned char *)s.ptr + i;
    if (i < s.len && p[0] >= '0' && p[0] <= '9') {
        *ret = (char)p[0];
        return 1;
    }
    if (i + 2 < s.len && p[0] == 0xEF && p[1] == 0xBC && p[2] >= 0x90 && p[2] <= 0x99) {
        *ret = (char)('0' + p[2] - 0x90);
        return 3;
    }
    return 0;
}

/* Bytes of one character that may stand between the groups of a number; 0 if none does. */
static size_t gap_at(struct str s, size_t i)
{
    static const struct str wide[] = {STR("\xC2\xA0"), STR("\xE3\x80\x80"), STR("（"), STR("）"), STR("－"), STR("–"), STR("—"), STR("‐"), STR("‑"), STR("−")};
    if (i >= s.len)
        return 0;
    if (strchr(" -.()/", s.ptr[i]) && s.ptr[i])
        return 1;
    for (size_t k = 0; k < sizeof(wide) / sizeof(*wide); k++)
        if (str_starts(str_sub(s, i, s.len), wide[k]))
            return wide[k].len;
    return 0;
}

/* Digits that stand together or apart by what may part the groups of a number; other bytes start the count anew. */
static bool has_long_number(struct str s)
{
    enum { OTHER, DIGIT, GAP };
    static const uint8_t classes[256] = {
        ['0' ... '9'] = DIGIT, [' '] = GAP, ['-'] = GAP, ['.'] = GAP, ['('] = GAP, [')'] = GAP, ['/'] = GAP, [0x80 ... 0xFF] = GAP,
    };
    size_t digits = 0;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t class = classes[(unsigned char)s.ptr[i]];
        if (class == OTHER)
            digits = 0;
        else if (class == DIGIT || (unsigned char)s.ptr[i] == 0xEF) /* the lead of a full-width digit */
            if (++digits == TRIGGER_DIGITS)
                return true;
    }
    return false;
}

/* Is there anything worth looking at closely? Nearly always not: the first count is quick. */
static bool has_trigger(struct str s)
{
    size_t digits = 0, wide = 0, at = 0;
    for (size_t i = 0; i < s.len; i++) {
        digits += (unsigned char)(s.ptr[i] - '0') < 10;
        wide += (unsigned char)s.ptr[i] == 0xEF;
        at += s.ptr[i] == '@';
    }
    return at || (digits + wide >= TRIGGER_DIGITS && has_long_number(s)) || (wide && str_find_str(s, STR("＠")) >= 0);
}

/* ---- groups of digits ---- */

/* Digits joined from groups; what stands between group g and g+1 is in gap[g]. */
struct run {
    char digits[DIGITS_MAX];
    size_t count;                 /* of digits */
    size_t groups;
    size_t end[GROUPS_MAX];       /* digits up to and with group g */
    size_t stop[GROUPS_MAX];      /* place in the text behind group g */
    size_t start;                 /* place of the first digit */
    bool plus;                    /* '+' stood before it */
    bool point;                   /* a single '.' behind the first group */
};

static bool read_group(struct str s, size_t *i, struct run *r)
{
    size_t width;
    char digit;
    while ((width = digit_at(s, *i, &digit)) > 0) {
        if (r->count == DIGITS_MAX)
            return false;
        r->digits[r->count++] = digit;
        *i += width;
    }
    r->end[r->groups] = r->count;
    r->stop[r->groups++] = *i;
    return true;
}

static void read_run(struct str s, size_t start, struct run *r)
{
    size_t i = start;
    char digit;
    r->count = r->groups = 0;
    r->start = start;
    r->plus = (start >= 1 && s.ptr[start - 1] == '+') || (start >= 3 && memcmp(s.ptr + start - 3, "＋", 3) == 0);
    r->point = false;
    while (r->groups < GROUPS_MAX && read_group(s, &i, r)) {
        size_t gaps = 0, width;
        r->point |= r->groups == 1 && i < s.len && s.ptr[i] == '.';
        for (; gaps < GAP_MAX && (width = gap_at(s, i)) > 0; gaps++)
            i += width;
        if (gaps == 0 || digit_at(s, i, &digit) == 0)
            return;
    }
}

static struct str run_digits(const struct run *r, size_t groups)
{
    return str_n(r->digits, r->end[groups - 1]);
}

static size_t group_len(const struct run *r, size_t group)
{
    return r->end[group] - (group ? r->end[group - 1] : 0);
}

/* The last words before a number that may touch it: "tel138…", "微信vx138…". Other letters mean a code of some kind. */
static bool is_contact_word(struct str before)
{
    static const struct str words[] = {STR("tel"), STR("phone"), STR("mobile"), STR("cell"), STR("call"), STR("wechat"), STR("weixin"), STR("wx"), STR("vx"),
                                       STR("v"), STR("whatsapp"), STR("shouji"), STR("dianhua"), STR("no"), STR("sms")};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (str_ieq(before, words[i]))
            return true;
    return false;
}

static bool free_before(struct str s, size_t start)
{
    size_t from = start;
    while (from > 0 && vault_is_letter((unsigned char)s.ptr[from - 1]))
        from--;
    if (from < start)
        return is_contact_word(str_sub(s, from, start)) && (from == 0 || !vault_is_digit((unsigned char)s.ptr[from - 1]));
    bool decimal = start > 1 && s.ptr[start - 1] == '.' && vault_is_digit((unsigned char)s.ptr[start - 2]);
    return !decimal && (start == 0 || s.ptr[start - 1] != '_');
}

static bool free_behind(struct str s, size_t stop)
{
    return stop >= s.len || !(vault_is_letter((unsigned char)s.ptr[stop]) || s.ptr[stop] == '_');
}

/* ---- kinds ---- */

/* A stray grouping of small numbers is no telephone number: at most four groups, the first of three digits or more; nor is a
 * number with a decimal point. */
static bool grouped_like_phone(const struct run *r, size_t groups)
{
    if (groups == 2 && r->point)
        return false;
    if (groups > (r->plus ? 5u : 4u) || (!r->plus && group_len(r, 0) < 3))
        return groups == 1;
    for (size_t g = 1; g < groups; g++)
        if (group_len(r, g) < 2)
            return false;
    return true;
}

static bool is_phone(const struct run *r, size_t groups)
{
    struct str d = run_digits(r, groups);
    struct vault_phone phone;
    if (d.len < TRIGGER_DIGITS || d.len > 17 || !grouped_like_phone(r, groups))
        return false;
    vault_phone_parse_digits(d, r->plus, &phone);
    if (phone.verdict != VAULT_OK && phone.verdict != VAULT_BLOCKED)
        return false;
    if (phone.kind == VAULT_PHONE_OVERSEAS)
        return r->plus && d.len >= 8;
    return phone.kind == VAULT_PHONE_MOBILE || groups > 1 || r->plus; /* 02112345678 in one piece may be any code */
}

/* The first digits that card schemes use; numbers of orders and times in milliseconds begin otherwise. */
static bool has_card_prefix(struct str d)
{
    unsigned four = 0;
    for (size_t i = 0; i < 4; i++)
        four = four * 10 + (unsigned)(d.ptr[i] - '0');
    bool mastercard = (four >= 2221 && four <= 2720) || (four >= 5000 && four <= 5999);
    switch (d.len) {
    case 13: return d.ptr[0] == '4';
    case 14: return four / 10 == 300 || (four >= 3000 && four <= 3059) || (four >= 3600 && four <= 3999);
    case 15: return four / 100 == 34 || four / 100 == 37;
    case 16: return mastercard || d.ptr[0] == '4' || d.ptr[0] == '6' || four / 100 == 35 || four == 9558;
    default: return d.ptr[0] == '4' || d.ptr[0] == '6' || (four >= 5000 && four <= 5999) || four == 9558;
    }
}

/* GTIN-13: barcodes are no cards, though one in ten passes Luhn's check. */
static bool is_barcode(struct str d)
{
    unsigned sum = 0;
    for (size_t i = 0; i < d.len; i++)
        sum += (unsigned)(d.ptr[i] - '0') * (i % 2 ? 3 : 1);
    return d.len == 13 && sum % 10 == 0;
}

static bool is_card(const struct run *r, size_t groups)
{
    struct str d = run_digits(r, groups);
    if (d.len < CARD_MIN || d.len > CARD_MAX || !has_card_prefix(d) || is_barcode(d))
        return false;
    for (size_t g = 0; g + 1 < groups; g++)
        if (group_len(r, g) < 3)
            return false;
    return vault_luhn_valid(d);
}

/* Seventeen digits and an X end where the digits end. */
static size_t id_end(struct str s, const struct run *r, size_t groups)
{
    struct str d = run_digits(r, groups);
    size_t stop = r->stop[groups - 1];
    char wide[18];
    if ((d.len == 18 || d.len == 15) && vault_idnum_valid(d))
        return stop;
    if (d.len != 17)
        return 0;
    struct str rest = str_sub(s, stop, s.len);
    bool is_x = rest.len && (rest.ptr[0] | 32) == 'x';
    bool wide_x = str_starts(rest, STR("Ｘ")) || str_starts(rest, STR("ｘ"));
    memcpy(wide, d.ptr, 17);
    wide[17] = 'X';
    return (is_x || wide_x) && vault_idnum_valid(str_n(wide, 18)) ? stop + (is_x ? 1 : 3) : 0;
}

static bool match_groups(struct str s, const struct run *r, size_t groups, struct find *ret)
{
    size_t stop = r->stop[groups - 1], id = id_end(s, r, groups);
    enum vault_field field = id ? VAULT_IDNUM : is_card(r, groups) ? VAULT_REFUND : is_phone(r, groups) ? VAULT_PHONE : (enum vault_field)0;
    if (!field || !free_behind(s, id ? id : stop))
        return false;
    *ret = (struct find){field, r->start, id ? id : stop};
    if (r->plus)
        ret->from -= s.ptr[r->start - 1] == '+' ? 1 : 3;
    return true;
}

/* Something personal that starts with the digit at `start`; the longest join of groups wins. */
static bool match_digits(struct str s, size_t start, struct find *ret)
{
    struct run r;
    read_run(s, start, &r);
    if (r.groups == 0 || r.count < TRIGGER_DIGITS || !free_before(s, start - (r.plus ? (s.ptr[start - 1] == '+' ? 1 : 3) : 0)))
        return false;
    for (size_t groups = r.groups; groups; groups--)
        if (match_groups(s, &r, groups, ret))
            return true;
    return false;
}

/* ---- e-mail ---- */

static bool is_local_char(unsigned char c)
{
    return vault_is_letter(c) || vault_is_digit(c) || (c && strchr("._%+-", c));
}

static bool is_domain_char(unsigned char c)
{
    return vault_is_letter(c) || vault_is_digit(c) || c == '-' || c == '.';
}

static bool is_wide_punctuation(struct str s)
{
    return str_starts(s, STR("\xE2\x80")) || str_starts(s, STR("\xE2\x81")) || str_starts(s, STR("\xE3\x80")) || str_starts(s, STR("\xEF\xBC"));
}

/* Bytes of the character at `i` when it is beyond ASCII and no punctuation, else 0. */
static size_t wide_letter_at(struct str s, size_t i)
{
    struct str rest = str_sub(s, i, s.len);
    if (rest.len == 0 || (unsigned char)rest.ptr[0] < 0xC2 || is_wide_punctuation(rest))
        return 0;
    str_next_char(&rest);
    return s.len - i - rest.len;
}

/* Start of such a character before `at`, else `at`. */
static size_t wide_letter_before(struct str s, size_t at)
{
    for (size_t from = at; from > 0 && at - from < 4;)
        if (((unsigned char)s.ptr[--from] & 0xC0) != 0x80)
            return wide_letter_at(s, from) == at - from ? from : at;
    return at;
}

/* Cuts labels off the end until the last has two letters or more, or stands beyond ASCII; 0 when less than two labels are left. */
static size_t trim_domain(struct str s, size_t from, size_t end)
{
    bool image = end > from + 2 && vault_is_digit((unsigned char)s.ptr[from]) && (s.ptr[from + 1] | 32) == 'x' && s.ptr[from + 2] == '.'; /* logo@2x.png */
    while (end > from && !image) {
        size_t label = end;
        while (label > from && s.ptr[label - 1] != '.')
            label--;
        bool letters = label < end && (vault_is_letter((unsigned char)s.ptr[label]) || (unsigned char)s.ptr[label] >= 0x80);
        if (label > from && end >= label + 2 && letters && s.ptr[end - 1] != '-')
            return end;
        end = label > from ? label - 1 : from;
    }
    return 0;
}

/* End of the domain that starts at `from`, 0 if there is none. */
static size_t domain_end(struct str s, size_t from)
{
    size_t end = from, dot = 0;
    while (end < s.len) {
        bool ascii_label = dot && end > dot + 2 && (unsigned char)s.ptr[end - 1] < 0x80;
        size_t width = is_domain_char((unsigned char)s.ptr[end]) ? 1 : ascii_label ? 0 : wide_letter_at(s, end); /* "qq.com谢谢" */
        bool empty_label = s.ptr[end] == '.' && (end == from || s.ptr[end - 1] == '.');
        if (width == 0 || empty_label)
            break;
        if (s.ptr[end] == '.')
            dot = end;
        end += width;
    }
    return trim_domain(s, from, end);
}

static bool match_at(struct str s, size_t at, size_t width, struct find *ret)
{
    size_t from = at;
    while (from > 0 && is_local_char((unsigned char)s.ptr[from - 1]))
        from--;
    if (from == at)
        for (size_t next; (next = wide_letter_before(s, from)) < from;)
            from = next;
    size_t to = from < at ? domain_end(s, at + width) : 0;
    *ret = (struct find){VAULT_EMAIL, from, to};
    return to > 0;
}

/* ---- walking ---- */

static size_t at_sign(struct str s, size_t i)
{
    if (s.ptr[i] == '@')
        return 1;
    return str_starts(str_sub(s, i, s.len), STR("＠")) ? 3 : 0;
}

/* The first find in s. */
static bool find_first(struct str s, struct find *ret)
{
    struct find number;
    bool found = false;
    char digit;
    for (size_t i = 0, width; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (found && !is_local_char(c) && c != '@' && c != 0xEF && i >= number.to)
            break; /* no address reaches back over this */
        if (c != '@' && c != 0xEF && !vault_is_digit(c))
            continue;
        if ((width = at_sign(s, i)) > 0 && match_at(s, i, width, ret)) {
            if (found && number.from < ret->from)
                *ret = number;
            return true;
        }
        bool starts = digit_at(s, i, &digit) && (i == 0 || !vault_is_digit((unsigned char)s.ptr[i - 1])) &&
                      !(i >= 3 && digit_at(s, i - 3, &digit) == 3);
        if (!found && starts)
            found = match_digits(s, i, &number);
    }
    if (found)
        *ret = number;
    return found;
}

enum vault_field vault_find_personal(struct str text)
{
    struct find f;
    return has_trigger(text) && find_first(text, &f) ? f.field : (enum vault_field)0;
}

static struct str mark_of(enum vault_field field)
{
    switch (field) {
    case VAULT_PHONE: return STR("‹phone›");
    case VAULT_EMAIL: return STR("‹email›");
    case VAULT_IDNUM: return STR("‹id›");
    default: return STR("‹card›");
    }
}

static bool redact_once(struct str text, struct buf *out)
{
    struct find f;
    bool found = false;
    for (; find_first(text, &f); found = true) {
        buf_add(out, str_sub(text, 0, f.from));
        buf_add(out, mark_of(f.field));
        text = str_sub(text, f.to, text.len); /* what stood before is no neighbour of what comes */
    }
    buf_add(out, text);
    return found;
}

struct str vault_redact(struct arena *a, struct str text)
{
    struct str so_far = text;
    if (!has_trigger(text))
        return arena_str(a, text);
    for (bool found = true; found;) { /* a second pass finds what only the marks made visible; each takes digits or an '@' away */
        _cleanup_buf_ struct buf out = BUF_INIT(text.len * 8 + 64);
        found = redact_once(so_far, &out);
        if (found || so_far.ptr == text.ptr)
            so_far = arena_str(a, buf_str(&out));
    }
    return so_far;
}
