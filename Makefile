# Everything runs in venv/, which the first target that needs it makes. Nothing else on the machine is changed.
PYTHON ?= python3.11
STACK ?= prod
# What runs the program: Pulumi's engine where there is one (auto), or the SDK alone (sdk).
ENGINE ?= auto
VENV := venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# What is compiled is kept, whatever the shell says: the next start is quicker.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help company engine rehearse adopt access test fuzz faults bench check format site generated reference lock release clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(INSTALLED): bootstrap/requirements.txt requirements.in bootstrap/requirements.in requirements-dev.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not on PATH; say make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Installing into $(VENV)/ (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r bootstrap/requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-compile -r requirements-dev.txt
	@touch $@

company: $(INSTALLED)  ## Write your company's files (ORGANIZATION= DOMAIN= ACCOUNT= REGION=), or say what disagrees (CHECK=1)
	@$(BIN)/python -m company $(if $(CHECK),--check) \
		$(if $(ORGANIZATION),--organization '$(ORGANIZATION)') $(if $(DOMAIN),--domain '$(DOMAIN)') $(if $(REGION),--region '$(REGION)') \
		$(if $(ACCOUNT),--account '$(ACCOUNT)') $(if $(ACCOUNT_DEV),--account-of 'dev=$(ACCOUNT_DEV)') \
		$(if $(ACCOUNT_PROD),--account-of 'prod=$(ACCOUNT_PROD)') \
		$(if $(PULUMI_ORGANIZATION),--pulumi-organization '$(PULUMI_ORGANIZATION)')

engine: $(INSTALLED)  ## Find Pulumi's engine, or build it with Go (once)
	@$(BIN)/python -m rehearsal.engine

rehearse: $(INSTALLED)  ## Rehearse a stack on this machine (STACK=dev; ALL=1: slow scenarios too; SERVE=1: keep the cloud up; ENGINE=sdk)
	@$(BIN)/python -m rehearsal --stack $(STACK) --access access-review $(if $(ALL),,--quick) $(if $(SERVE),--serve) --engine $(ENGINE)

adopt: $(INSTALLED)  ## Look for existing resources and write how to adopt them (STACK=dev); changes nothing
	@$(BIN)/python -m adopt --stack $(STACK)

access: $(INSTALLED)  ## Show who can do what, as a page and as Markdown (STACK=dev; BASE=main: what changes since then)
	@$(BIN)/python -m access --stack $(STACK) $(if $(BASE),--base $(BASE))

test: $(INSTALLED)  ## Run the tests, with prod's main job (ALL=1: also slow tests, which quicker ones cover)
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(if $(ALL),--all)

fuzz: $(INSTALLED)  ## Try random bad input (INPUTS=1000, SEED=1)
	@$(BIN)/python -m tests.companies python -m tests.fuzzing --inputs $(or $(INPUTS),1000) --seed $(or $(SEED),1)

faults: engine  ## Fail every writing call to AWS and GitHub in five ways, under Pulumi's engine (25 lives of 1 to 4 minutes each; JOBS=2, RESUME=FILE)
	@$(BIN)/python -m rehearsal.faults --jobs $(or $(JOBS),1) $(if $(RESUME),--resume $(RESUME))

bench: engine  ## Measure preview and up beside a bare program (STACKS='dev 40'; JSON=bench.json)
	@$(BIN)/python -m rehearsal.bench $(STACKS) --json $(or $(JSON),bench.json)

check: $(INSTALLED)  ## Lint, check the format and the types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/ty check --error-on-warning --python $(VENV) .

format: $(INSTALLED)  ## Format the code, and fix what the linter can
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

site: .site/venv/.installed  ## Build the documentation as a site in .site/html and check every link
	@NO_MKDOCS_2_WARNING=1 .site/venv/bin/python docs/site/build.py

.site/venv/.installed: docs/site/requirements.txt
	@$(PYTHON) -m venv .site/venv
	@.site/venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r docs/site/requirements.txt
	@touch $@

generated: $(INSTALLED)  ## Generate the clients of examples/generated-client again
	@$(BIN)/python -m tests.examples.generating

reference: $(INSTALLED)  ## Generate the tables of the reference and the editors' schemas again
	@$(BIN)/python -m schemas

lock: $(INSTALLED)  ## Lock the requirements of the program, the bootstrap, the policy pack and the site (UPGRADE=1: newest versions)
	@for folder in . bootstrap policy_pack docs/site; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-config \
			$(if $(UPGRADE),--upgrade) --constraints requirements-dev.txt --output-file $$folder/requirements.txt $$folder/requirements.in || exit 1; \
	done

release: $(INSTALLED)  ## Cut a release (VERSION=1.2.0): changelog, version, tag; pushes nothing
	@$(BIN)/python -m release '$(VERSION)'

clean:  ## Remove everything that the targets created
	rm -rf $(VENV) .engine .site access-review fuzzing-failures tests/access/judge/node_modules .pytest_cache .ruff_cache .hypothesis
