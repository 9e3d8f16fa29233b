# Every command. Set-up is done by each of them, as far as it is missing; see handover/bootstrap.py.

# from "/": pyenv's python3 would stumble over a .python-version that names a Python it does not have
SETUP = (cd / && python3 "$(CURDIR)/handover/bootstrap.py"
unexport PYTHONDONTWRITEBYTECODE  # without bytecode each of the many processes would compile everything anew
.PHONY: run test check train evaluate report bench chaos lock help

help:                   ## these lines
	@grep -hE '^[a-z]+:.*##' Makefile | sed 's/:.*##/ :/'

run:                    ## install and train what is missing, then serve
	@$(SETUP) service bot model)
	@exec .venv/bin/wegwijs serve --with-parent

test:                   ## every test
	@$(SETUP) tests bot model)
	@exec .venv/bin/python -m tests

check:                  ## what CI looks at besides the tests: style and types
	@$(SETUP) tests)
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy

train:                  ## train the model if its inputs changed; FORCE=1: always
	@$(SETUP) service)
	@.venv/bin/wegwijs content
	@$(SETUP) bot model $(if $(FORCE),--force))

evaluate:               ## ask every question of QUESTIONS=in.jsonl, write RESULTS=out.jsonl
	@$(SETUP) service bot model)
	@exec .venv/bin/wegwijs evaluate "$(QUESTIONS)" "$(RESULTS)"

report:                 ## ask our own test questions; results in docs/understanding.md
	@$(SETUP) service bot model)
	@mkdir -p var && cat tests/questions/*.jsonl > var/questions.jsonl
	@.venv/bin/wegwijs evaluate var/questions.jsonl var/results.jsonl
	@exec bot/.venv/bin/python tests/bot/report.py var/results.jsonl

bench:                  ## measure beside peers; PARTS=relay,turns ROUNDS=3 QUICK=1 choose less
	@$(SETUP) tests bot model)
	@exec .venv/bin/python -m bench

chaos:                  ## random death under traffic, the long form; SEED=… repeats one, ROUNDS=… and CUTS=… say how much
	@$(SETUP) tests bot model)
	@SEED=$(SEED) ROUNDS=$(or $(ROUNDS),100) CUTS=$(or $(CUTS),1000) INTERLEAVINGS=$(or $(INTERLEAVINGS),10000) exec .venv/bin/python -m pytest tests/chaos -s

lock:                   ## renew the hash-pinned requirements
	@uv pip compile pyproject.toml --universal --generate-hashes --no-header -q -o requirements.lock
	@uv pip compile pyproject.toml --extra dev --extra tracing --universal --generate-hashes --no-header -q -o requirements-dev.lock
	@cd bot && uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-header -q -o requirements.lock
