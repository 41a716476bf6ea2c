/* Unit tests and fuzzers carry no console. */
#include "http/http.h"

const struct http_asset http_assets[] = {{0}};
