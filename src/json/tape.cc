// The thin C++ face of simdjson: parse into its tape, hand out the tape. Nothing throws: simdjson's error codes only.
#include "json/tape.h"

#include <charconv>
#include <cmath>
#include <new>
#include <simdjson.h>

namespace
{

// Below this a parser does not grow step by step: most requests fit the first allocation.
constexpr size_t first_capacity = 16 << 10;

struct tape {
    simdjson::dom::parser parser;
    size_t depth_max;
    explicit tape(size_t depth, size_t bytes) : parser(bytes), depth_max(depth)
    {
    }
};

enum tape_error error_of(simdjson::error_code e)
{
    switch (e) {
    case simdjson::SUCCESS: return TAPE_OK;
    case simdjson::EMPTY: return TAPE_EMPTY;
    case simdjson::UTF8_ERROR: return TAPE_UTF8;
    case simdjson::DEPTH_ERROR: return TAPE_DEPTH;
    case simdjson::NUMBER_ERROR: return TAPE_NUMBER;
    case simdjson::STRING_ERROR:
    case simdjson::UNCLOSED_STRING:
    case simdjson::UNESCAPED_CHARS: return TAPE_STRING;
    case simdjson::MEMALLOC: return TAPE_NO_MEMORY;
    default: return TAPE_SYNTAX;
    }
}

} // namespace

void *tape_new(size_t depth_max, size_t bytes_max)
{
    tape *t = new (std::nothrow) tape(depth_max, bytes_max);
    if (t && t->parser.allocate(first_capacity, depth_max) != simdjson::SUCCESS) {
        delete t;
        return nullptr;
    }
    return t;
}

void tape_free(void *impl)
{
    delete static_cast<tape *>(impl);
}

enum tape_error tape_parse(struct json_parser *p, const char *text, size_t len)
{
    tape *t = static_cast<tape *>(p->impl);
    if (len > t->parser.capacity()) { // in powers of two, so that a stream of growing bodies does not reallocate each time
        size_t capacity = t->parser.capacity();
        while (capacity < len)
            capacity *= 2;
        if (t->parser.allocate(capacity, t->depth_max) != simdjson::SUCCESS)
            return TAPE_NO_MEMORY;
    }
    simdjson::error_code e = t->parser.parse(text, len, true).error();
    p->words = e ? nullptr : t->parser.doc.tape.get();
    p->strings = e ? nullptr : t->parser.doc.string_buf.get();
    return error_of(e);
}

size_t tape_double_text(double v, char out[TAPE_DOUBLE_TEXT])
{
    // Fixed only while the digits still fit an integer, or no reader could take a whole number back.
    double size = std::fabs(v);
    if (size == 0)
        v = 0; // without its sign
    bool fixed = size == 0 || (size >= 1e-7 && size < 1e17);
    std::to_chars_result r = std::to_chars(out, out + TAPE_DOUBLE_TEXT, v, fixed ? std::chars_format::fixed : std::chars_format::scientific);
    return static_cast<size_t>(r.ptr - out);
}
