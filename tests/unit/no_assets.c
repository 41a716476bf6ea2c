/* Unit tests and fuzzers carry no console, and name the modules they want themselves. */
#include "http/http.h"

const struct http_asset http_assets[] = {{0}};
const struct module *const modules[] = {NULL};
