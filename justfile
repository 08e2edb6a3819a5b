# Recipes for people who work on rolo; `just` lists them.

default:
    @just --list

# All that a push is checked with.
ci:
    .ci/run

# Compile and lint, without running anything.
check:
    cargo fmt --all --check
    cargo clippy --all-targets --all-features -- -D warnings

# Every test, or those whose name contains FILTER.
test FILTER="":
    cargo test {{ FILTER }}

# Kill imports with -9 at random moments, N times in all over four services, and look at what is left.
kills N="10000":
    ROLO_KILLS={{ N }} cargo test --release --test cli kills:: -- --nocapture

# Workers killed, stopped, cut off and paced, and their database killed and replaced, as often as docs/reliability.md tells.
fleet:
    ROLO_WORKER_KILLS=1000 ROLO_WORKER_STOPS=100 ROLO_DATABASE_KILLS=20 ROLO_FAILOVERS=5 ROLO_CUTS=10 ROLO_AWAY=150 \
        ROLO_PACE_MINUTES=10 ROLO_PACE_ACCOUNTS=300 cargo test --test cli workers_ -- --nocapture --test-threads 1

# Cut the power about N times over one import (as often as it writes, at most): no request may be
# without its intent.
power-cuts N="2000":
    ROLO_POWER_CUTS={{ N }} cargo test --test cli power:: -- --nocapture

# Compare N verdicts of the numbering plans with those of the phone library as it ships.
phones N="3000000":
    ROLO_PHONES={{ N }} cargo test --test components validate_numbering

# Try the properties and the fuzzed inputs with N seeds that nobody has tried, and name those that fail.
explore N="20":
    #!/usr/bin/env bash
    set -u
    cargo test --lib --test components --no-run
    for _ in $(seq {{ N }}); do
        seed=$((RANDOM * 32768 + RANDOM))
        PROPTEST_RNG_SEED=$seed cargo test --quiet --lib --test components > "target/explore-$seed.log" 2>&1 ||
            echo "PROPTEST_RNG_SEED=$seed fails: target/explore-$seed.log"
    done

# Licences, banned crates and sources of what is built in.
deny:
    cargo deny check bans licenses sources

# What people install, in target/packages: a .deb, a wheel, a tarball and their checksums, each tried in a clean place.
release *ARGUMENTS:
    packaging/release {{ ARGUMENTS }}

# Run rolo beside what people use instead, and print ratios: benches/README.md.
bench-peers *ARGUMENTS:
    python3 benches/peers/run.py {{ ARGUMENTS }}

# Rehearse the first import in the sandbox.
sample:
    cargo run --release -- import samples/first-import/contacts.csv

# Write the pages that come from the lists in the code; a test fails when they are stale.
pages:
    ROLO_WRITE_PAGES=1 cargo test --test behavior documents
    ROLO_WRITE_PAGES=1 cargo test --test structure picture

# What every service was seen to do: docs/behavior-matrix.md.
matrix: pages

# Take pictures of every page at two widths, light and dark, into target/pictures, and renew those of the documentation.
pictures:
    rm -rf target/pictures
    ROLO_BROWSER=required ROLO_PICTURES=target/pictures cargo test --test cli page_walk::
    python3 docs/pictures/shrink.py target/pictures/columns-1280-light.png docs/pictures/page-columns.png 1300
    python3 docs/pictures/shrink.py target/pictures/problems-1280-light.png docs/pictures/page-problems.png 1240
    python3 docs/pictures/shrink.py target/pictures/plan-1280-dark.png docs/pictures/page-plan.png 1080
    python3 docs/pictures/shrink.py target/pictures/plan-400-light.png docs/pictures/page-narrow.png 1000

# The documentation of the code, in a browser.
doc:
    cargo doc --no-deps --open
