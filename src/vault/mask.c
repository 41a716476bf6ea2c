/* Masks by field. What does not look like its kind is hidden whole. */
#include "vault/mask.h"
#include "vault/phone.h"
#include "vault/pinyin.h"

#include <string.h>

static const struct str hidden = STR("***");

static void add_stars(struct buf *out, size_t count)
{
    while (count--)
        buf_add_byte(out, '*');
}

static struct str first_char(struct str s)
{
    struct str rest = s;
    if (s.len)
        str_next_char(&rest);
    return str_sub(s, 0, s.len - rest.len);
}

static bool is_all_han(struct str s)
{
    while (s.len)
        if (!vault_char_is_han(str_next_char(&s)))
            return false;
    return true;
}

/* 李* 李** 欧阳** 阿** J***; organisations and other long names keep one character. */
static void mask_name(struct str value, struct buf *out)
{
    struct vault_text name;
    if (!vault_text_fold(value, VAULT_FOLD_WIDTH, &name) || name.len == 0) {
        buf_add(out, hidden);
        return;
    }
    struct str s = vault_text_str(&name);
    size_t chars = str_chars(s);
    size_t surname = chars > 2 ? vault_compound_surname(s) : 0;
    struct str shown = surname ? str_sub(s, 0, surname) : first_char(s);
    if (str_find_str(s, STR("·")) >= 0)
        buf_add(out, first_char(s)), add_stars(out, 2);
    else if (is_all_han(s) && chars <= 5)
        buf_add(out, shown), add_stars(out, chars > 1 ? chars - str_chars(shown) : 1);
    else
        buf_add(out, first_char(s)), buf_add(out, hidden);
    explicit_bzero(&name, sizeof(name));
}

/* 138****5678; 021-****5678; +852 6***5678. */
static void mask_phone(struct str value, struct buf *out)
{
    struct vault_phone p;
    vault_phone_parse(value, &p);
    struct str national = str_n(p.e164 + 1 + p.country_len, p.len > p.country_len ? p.len - 1 - p.country_len : 0);
    struct str tail = str_sub(national, national.len >= 4 ? national.len - 4 : 0, national.len);
    if (national.len < 7) {
        buf_add(out, hidden);
    } else if (p.kind == VAULT_PHONE_MOBILE) {
        buf_add(out, str_sub(national, 0, 3));
        buf_addz(out, "****");
        buf_add(out, tail);
    } else if (p.kind == VAULT_PHONE_LANDLINE) {
        buf_addz(out, "0");
        buf_add(out, str_sub(national, 0, p.area_len));
        buf_addz(out, "-****");
        buf_add(out, tail);
    } else {
        buf_add_bytes(out, p.e164, 1 + p.country_len);
        buf_addz(out, " ");
        buf_add(out, str_sub(national, 0, 1));
        buf_addz(out, "***");
        buf_add(out, tail);
    }
    explicit_bzero(&p, sizeof(p));
}

static void mask_email(struct str value, struct buf *out)
{
    struct str s = str_trim(value);
    ptrdiff_t at = str_find(s, '@');
    if (at > 0)
        buf_add(out, first_char(s));
    buf_add(out, hidden);
    if (at > 0)
        buf_add(out, str_sub(s, (size_t)at, s.len));
}

/* Shows `head` and `tail` bytes of an ASCII code and stars for the rest, which is at least a third. */
static void mask_middle(struct str value, size_t head, size_t tail, size_t stars, struct buf *out)
{
    struct str s = str_trim(value);
    size_t shown = head + tail;
    if (str_chars(s) != s.len || s.len <= shown || 2 * (s.len - shown) < shown) {
        buf_add(out, hidden);
        return;
    }
    buf_add(out, str_sub(s, 0, head));
    add_stars(out, stars ? stars : s.len - head - tail);
    buf_add(out, str_sub(s, s.len - tail, s.len));
}

/* 8800****0021; a short one shows its last two. */
static void mask_card(struct str value, struct buf *out)
{
    struct str s = str_trim(value);
    if (s.len >= 12)
        mask_middle(s, 4, 4, 4, out);
    else
        mask_middle(s, s.len >= 8 ? 2 : 0, 2, 4, out);
}

/* 1990-05-12 → 05-12: the day to congratulate, not the age. */
static void mask_birthday(struct str value, struct buf *out)
{
    struct str s = str_trim(value);
    bool dated = s.len == 10 && s.ptr[4] == '-' && s.ptr[7] == '-';
    buf_add(out, dated ? str_sub(s, 5, 10) : hidden);
}

/* ---- addresses ---- */

enum { AREA_NAME_CHARS = 12 };

/* Bytes up to and with the first of `suffixes` at the front of s, 0 if none comes within a name's length. */
static size_t area_end(struct str s, const struct str *suffixes, size_t count)
{
    struct str rest = s;
    for (size_t chars = 0; rest.len && chars < AREA_NAME_CHARS; chars++) {
        for (size_t i = 0; chars >= 1 && i < count; i++)
            if (str_starts(rest, suffixes[i]))
                return s.len - rest.len + suffixes[i].len;
        if (!vault_char_is_han(str_next_char(&rest)))
            return 0;
    }
    return 0;
}

/* Province, city and district, as far as they are written; "上海市静安区" of "上海市静安区南京西路1号". */
static size_t district_end(struct str s)
{
    static const struct str first[] = {STR("特别行政区"), STR("自治区"), STR("省"), STR("市")};
    static const struct str second[] = {STR("自治州"), STR("地区"), STR("市"), STR("州"), STR("盟"), STR("区"), STR("區"), STR("县"), STR("縣"), STR("旗")};
    static const struct str third[] = {STR("区"), STR("區"), STR("县"), STR("縣"), STR("旗"), STR("市")};
    size_t a = area_end(s, first, 4);
    size_t b = a ? area_end(str_sub(s, a, s.len), second, 10) : 0;
    struct str so_far = str_sub(s, 0, a + b);
    bool district = b && (str_ends(so_far, STR("区")) || str_ends(so_far, STR("區")) || str_ends(so_far, STR("县")) || str_ends(so_far, STR("縣")));
    size_t c = b && !district && !str_ends(so_far, STR("地区")) ? area_end(str_sub(s, a + b, s.len), third, 6) : 0;
    return a + b + c;
}

/* An address comes as one text, or as province, city, district, street set apart by line feeds, tabs or bars. */
static void mask_address(struct str value, struct buf *out)
{
    struct str rest = value, part;
    size_t parts = 0, seps = 0;
    for (size_t i = 0; i < value.len; i++)
        seps += value.ptr[i] == '\n' || value.ptr[i] == '\t' || value.ptr[i] == '|' || value.ptr[i] == '\x1f';
    if (seps < 3) {
        buf_add(out, str_sub(value, 0, district_end(value)));
        buf_add(out, hidden);
        return;
    }
    while (parts < 3 && rest.len) {
        size_t len = 0;
        while (len < rest.len && !strchr("\n\t|\x1f", rest.ptr[len]))
            len++;
        part = str_sub(rest, 0, len);
        rest = str_sub(rest, len + 1, rest.len);
        bool again = parts > 0 && str_ends(buf_str(out), part); /* 上海市 上海市 */
        if (!again)
            buf_add(out, part);
        parts++;
    }
    buf_add(out, hidden);
}

/* ---- refund accounts ---- */

/* The words that name the bank: the part with 银行, 支付宝 or 微信 in it. */
static struct str bank_of(struct str value)
{
    static const char separators[] = " \n\t|,;/\x1f";
    static const struct str marks[] = {STR("银行"), STR("銀行"), STR("信用社"), STR("支付宝"), STR("微信"), STR("Bank"), STR("bank"), STR("BANK")};
    while (value.len) {
        size_t len = 0;
        while (len < value.len && !strchr(separators, value.ptr[len]))
            len++;
        struct str part = str_sub(value, 0, len);
        for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
            if (str_find_str(part, marks[i]) >= 0)
                return part;
        value = str_sub(value, len + 1, value.len);
    }
    return STR_NULL;
}

/* The last four of the last run of four digits or more, blanks within it skipped. */
static size_t last_four(struct str value, char out[static 4])
{
    size_t run = 0, found = 0;
    char tail[4];
    for (size_t i = 0; i < value.len; i++) {
        if (vault_is_digit((unsigned char)value.ptr[i])) {
            memmove(tail, tail + 1, 3);
            tail[3] = value.ptr[i];
            if (++run >= 4)
                memcpy(out, tail, 4), found = 4;
        } else if (value.ptr[i] != ' ' && value.ptr[i] != '-') {
            run = 0;
        }
    }
    return found;
}

/* 招商银行 尾号 5678. */
static void mask_refund(struct str value, struct buf *out)
{
    char four[4];
    struct str bank = bank_of(value);
    size_t len = last_four(value, four);
    if (len == 0) {
        buf_add(out, hidden);
        return;
    }
    for (size_t i = 0; i < bank.len; i++) /* "招商银行6225…" in one word: no digits of it */
        if (!vault_is_digit((unsigned char)bank.ptr[i]))
            buf_add_byte(out, bank.ptr[i]);
    if (bank.len)
        buf_addz(out, " ");
    buf_addz(out, "尾号 ");
    buf_add_bytes(out, four, len);
}

static void mask_text(struct str value, struct buf *out)
{
    _cleanup_(arena_freep) struct arena *a = arena_new();
    buf_add(out, vault_redact(a, value));
}

void vault_mask_value(enum vault_field field, struct str value, struct buf *out)
{
    if (value.len == 0)
        return;
    switch (field) {
    case VAULT_NAME: mask_name(value, out); break;
    case VAULT_PHONE: mask_phone(value, out); break;
    case VAULT_EMAIL: mask_email(value, out); break;
    case VAULT_CARD: mask_card(value, out); break;
    case VAULT_IDNUM: mask_middle(value, 1, 1, 0, out); break;
    case VAULT_BIRTHDAY: mask_birthday(value, out); break;
    case VAULT_ADDRESS: mask_address(value, out); break;
    case VAULT_REFUND: mask_refund(value, out); break;
    case VAULT_WECHAT:
    case VAULT_WEIBO:
    case VAULT_ACCOUNT: mask_middle(value, 2, 2, 4, out); break;
    case VAULT_TEXT: mask_text(value, out); break;
    default: buf_add(out, hidden); break;
    }
}
