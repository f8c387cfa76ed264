# Every target does all of its own set-up; scripts/setup.sh says what and why.
.DEFAULT_GOAL := help
.PHONY: help demo test check setup hub lock clean bench-latency bench-accuracy bench-footprint bench-check

# For the commands: make demo ARGS="--language en --open"
ARGS ?=
export PYTHON

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: ## watch a counter conversation on the staff page; needs no microphone
	@scripts/setup.sh demo
	@.venv/bin/deskguard demo $(ARGS)

test: ## all tests
	@scripts/setup.sh test
	@.venv/bin/python -m pytest $(ARGS)

check: ## ruff, formatting, types
	@scripts/setup.sh dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

setup: ## everything for `deskguard listen` at this computer
	@scripts/setup.sh desk

hub: ## the hall's server on this computer; ARGS=--demo-data fills it with a made-up month
	@scripts/setup.sh hub
	@.venv/bin/deskguard hub $(ARGS)

bench-latency: ## phrase end to card, in percentiles
bench-accuracy: ## phrases found and false alarms
bench-footprint: ## memory and idle CPU
bench-check: ## fails when accuracy on the fixtures is worse than bench/baseline.json; ARGS=--update
bench-latency bench-accuracy bench-footprint bench-check:
	@scripts/setup.sh test
	@.venv/bin/python bench/$(@:bench-%=%).py $(ARGS)

lock: ## make requirements/*.txt again from pyproject.toml
	@scripts/setup.sh dev
	@scripts/lock.sh

clean: ## remove what was built; weights in models/ and records stay
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
