# Two commands for everybody: `make run` and `make test`. The rest is for those who work on it.
.PHONY: run test test-long build web setup check bench fuzz format clean unit api browser

NODE = tools/node.sh

run: build
	@tools/run.sh

setup:
	@tools/setup.sh

# Built anew when anything it is made of is newer than the last time.
web: setup
	@[ -d web/dist ] && [ -e .cache/web ] && [ -z "$$(find web i18n package-lock.json -path web/dist -prune -o -newer .cache/web -print -quit)" ] || \
	    { $(NODE) npm run --silent build && mkdir -p .cache && touch .cache/web; }

# Meson decides what is stale; --reconfigure picks up new files.
build: web
	@[ -d build ] && meson setup --reconfigure build >/dev/null || meson setup build >/dev/null
	@ninja -C build

test: build
	@tools/test.sh

test-long: build
	@tools/test.sh --long

check: setup
	@tools/check.sh

bench: build
	@tools/bench.sh

fuzz: setup
	@tools/fuzz.sh

format:
	@git ls-files 'src/*.c' 'src/*.h' 'src/*.cc' 'tests/*.c' 'bench/*.c' 'tools/*.c' | xargs clang-format -i

clean:
	rm -rf build build-* web/dist .cache/web
