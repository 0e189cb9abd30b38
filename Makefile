# Everything that a developer or CI runs. `make` lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# The Python that the environments are made of. PYTHONS may name more, for the checks that run on several.
PYTHON ?= python3

# The ansible-core of `make ansible-test`, such as 2.20. Empty: the newest.
ANSIBLE_CORE ?=

REQUIREMENTS := tests/requirements
BOOTSTRAP := .venv/bootstrap
PLAYBOOKS := .venv/playbooks
CHECKS := .venv/checks
NEWEST := .venv/newest
EDA := .venv/eda
NODE := .venv/node
CONTRIBUTORS := .venv/contributors
PROMTOOL := .work/programs/promtool

# A link to the checkout, at the path at which Ansible finds a collection.
COLLECTIONS := .work/collections
LINK := $(COLLECTIONS)/ansible_collections/postmaster/odoo
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/$(COLLECTIONS)

# uv trusts the certificate authorities of the machine, as pip does. Without it, uv fails behind a proxy with its own authority.
export UV_SYSTEM_CERTS := true

# The tests start thousands of Python processes. Without bytecode, which images of containers often switch off, each of them takes twice as long.
unexport PYTHONDONTWRITEBYTECODE

# With ODOO_URL & co. (tests/lab/external.py) the tests run on that instance, and only the lab's SMTP servers are needed.
LAB := $(if $(ODOO_URL),,lab)
ON_ODOO_URL = PATH="$(CURDIR)/$(CHECKS)/bin:$$PATH" PYTHONPATH="$(CURDIR)/$(COLLECTIONS)" python -m pytest tests/integration

.PHONY: help test checks sanity units ansible-test artifact facts integration interruptions secrets faults replay code-blocks browser site chromium bench fuzz demo demo-down lab-up lab-smtp lab-down environments programs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The tests make hundreds of databases. This is fastest in memory, if there is enough.
test: export POSTMASTER_LAB_MEMORY ?= $(shell df --output=avail --block-size=G /dev/shm 2>/dev/null | awk '$$1 + 0 >= 8 {print "/dev/shm"}')
test: environments programs chromium ## everything: the checks, the unit tests, the tests in a browser, the integration tests on the lab
	@$(CHECKS)/bin/python tests/checks checks units browser $(LAB:lab=lab-up) $(LAB:lab=newest-lab) integration $(LAB:lab=lab-down)

checks: environments ## linters, type checker, ansible-test sanity, galaxy-importer
	@$(CHECKS)/bin/python tests/checks checks

sanity: environments ## ansible-test sanity, on every Python found
	@$(CHECKS)/bin/python tests/checks sanity-every-python sanity-newest

units: environments ## ansible-test units, on every Python found
	@$(CHECKS)/bin/python tests/checks units-every-python units-newest

ansible-test: $(NEWEST)/ready$(ANSIBLE_CORE) $(LINK) ## ansible-test sanity and units on one ansible-core and one Python: ANSIBLE_CORE=2.20 PYTHON=python3.12
	@$(NEWEST)/bin/python tests/checks sanity-newest units-newest

artifact: $(PLAYBOOKS)/ready ## build the collection as it is released, into .work/artifact
	@rm -rf .work/artifact
	@$(PLAYBOOKS)/bin/ansible-galaxy collection build --output-path .work/artifact

facts: $(CHECKS)/ready $(LINK) ## record the facts of the Odoo of ODOO_URL, for the simulated Odoo
	@PYTHONPATH="$(CURDIR)/$(COLLECTIONS)" $(CHECKS)/bin/python -m ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.record_facts

integration: export FAULTS := all
integration: environments programs $(if $(ODOO_URL),lab-smtp,lab-up) ## the tests on a real Odoo: the lab, which stays up, or that of ODOO_URL
	@$(if $(ODOO_URL),$(ON_ODOO_URL),$(CHECKS)/bin/python tests/checks newest-lab integration)

interruptions: environments lab-up ## the connection cut at every call of every play; prints a table, takes an hour
	@INTERRUPTIONS=all PATH="$(CURDIR)/$(CHECKS)/bin:$$PATH" PYTHONPATH="$(CURDIR)/$(COLLECTIONS)" python -m pytest --capture=no tests/integration/test_interruptions.py tests/integration/test_api_key.py::test_cut_off_anywhere

secrets: environments lab-up ## secrets of every shape through every module of a real Odoo, while SMTP servers repeat them; takes hours
	@SECRETS=all PATH="$(CURDIR)/$(CHECKS)/bin:$$PATH" PYTHONPATH="$(CURDIR)/$(COLLECTIONS)" python -m pytest --capture=no tests/integration/test_secrets_table.py

replay: environments lab-up ## 300 plans, and what each changes for the mail of real senders
	@REPLAY_PLANS=300 PATH="$(CURDIR)/$(CHECKS)/bin:$$PATH" PYTHONPATH="$(CURDIR)/$(COLLECTIONS)" python -m pytest --capture=no tests/integration/test_replay.py

faults: environments lab-up ## every fault on a real Odoo, and the doctor's finding of it; prints a table
	@FAULTS=all PATH="$(CURDIR)/$(CHECKS)/bin:$$PATH" PYTHONPATH="$(CURDIR)/$(COLLECTIONS)" python -m pytest --capture=no tests/integration/test_doctor.py

code-blocks: environments lab-up ## every code block of the README and the guides on a real Odoo
	@CODE_BLOCKS=all PATH="$(CURDIR)/$(CHECKS)/bin:$$PATH" PYTHONPATH="$(CURDIR)/$(COLLECTIONS)" python -m pytest tests/integration/test_code_blocks.py

browser: environments chromium ## the page of a drift report in a real Chromium
	@$(CHECKS)/bin/python tests/checks browser

site: $(CHECKS)/ready ## the documentation site, in .work/site/html
	@$(CHECKS)/bin/python tests/checks site

bench: $(CHECKS)/ready $(LINK) chromium lab-up ## how long things take; the lab stays up
	@PATH="$(CURDIR)/$(CHECKS)/bin:$$PATH" python tests/bench

fuzz: $(CHECKS)/ready $(LINK) ## ten thousand hostile answers and inputs, and secrets in every encoding
	@PATH="$(CURDIR)/$(CHECKS)/bin:$$PATH" python tests/fuzz

demo: $(PLAYBOOKS)/ready $(LINK) ## the collection at work on an Odoo of its own
	@PATH="$(CURDIR)/$(PLAYBOOKS)/bin:$$PATH" python tests/demo up

demo-down: $(PLAYBOOKS)/ready $(LINK) ## end the demo
	@$(PLAYBOOKS)/bin/python tests/demo down

lab-up: ## start the lab: a real Odoo from nothing
	@$(PYTHON) tests/lab up

lab-smtp: ## start the SMTP servers of the lab alone
	@$(PYTHON) tests/lab smtp

lab-down: ## stop the lab
	@$(PYTHON) tests/lab down

clean: ## remove everything that make has made
	@$(PYTHON) tests/lab down --purge
	@POSTMASTER_LAB_DIR=.work/newest-lab $(PYTHON) tests/lab down --purge
	rm -rf .venv .work

environments: $(CHECKS)/ready $(NEWEST)/ready$(ANSIBLE_CORE) $(EDA)/ready $(NODE)/ready $(CONTRIBUTORS)/ready $(LINK)

# The browser for the tests of pages.
chromium:
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || { $(call debian,chromium chromium-driver); }

# Programs that the tests of docs/pipelines, docs/monitoring and extensions/eda run, and a plain Debian may lack.
programs: $(PROMTOOL)
	@command -v curl >/dev/null || { $(call debian,curl); }
	@command -v java >/dev/null || { $(call debian,default-jre-headless); }
	@command -v systemd-analyze >/dev/null || { $(call debian,systemd); }

# Debian's package is unpacked and not installed, because it would start a server. Only promtool is used.
$(PROMTOOL):
	@echo "==> unpacking promtool of Debian's prometheus"
	@mkdir -p $(@D)
	@if [ "$$(id -u)" = 0 ]; then apt-get update -qq; fi
	@cd $(@D) && apt-get -qq $(if $(filter 0,$(shell id -u)),-o APT::Sandbox::User=root) download prometheus
	@dpkg-deb --fsys-tarfile $(@D)/prometheus_*.deb | tar -x -C $(@D) --strip-components=3 ./usr/bin/promtool
	@rm $(@D)/prometheus_*.deb
	@touch $@

$(LINK):
	@mkdir -p $(@D)
	@ln -sfn ../../../.. $@

# uv is much faster than pip, but ignores the configuration of pip. If uv fails, pip installs the packages.
# $(1): its description, $(2): its Python, $(3): its requirements, $(4): another requirement, or nothing
define environment
echo "==> $(@D): $(1)" \
&& $(2) -m venv --clear --without-pip $(@D) \
&& { $(BOOTSTRAP)/bin/uv pip install --quiet --python $(@D)/bin/python --requirement $(3) $(4) \
  || $(BOOTSTRAP)/bin/pip --python $(@D)/bin/python install --quiet --requirement $(3) $(4); } \
&& touch $@
endef

$(PLAYBOOKS)/ready: $(REQUIREMENTS)/playbooks.txt | $(BOOTSTRAP)/ready
	@$(call environment,ansible-core and what playbooks need,$(PYTHON),$<)

$(CHECKS)/ready: $(REQUIREMENTS)/checks.txt $(REQUIREMENTS)/tests.txt $(REQUIREMENTS)/playbooks.txt | $(BOOTSTRAP)/ready
	@$(call environment,the checks and the oldest ansible-core supported,$(PYTHON),$<)

# Another ANSIBLE_CORE replaces the environment, because it is emptied first.
$(NEWEST)/ready$(ANSIBLE_CORE): $(REQUIREMENTS)/tests.txt $(REQUIREMENTS)/playbooks.txt | $(BOOTSTRAP)/ready
ifdef ANSIBLE_CORE
	@$(call environment,ansible-core $(ANSIBLE_CORE),$(PYTHON),$<,"ansible-core~=$(ANSIBLE_CORE).0")
else
	@newest="$$($(PYTHON) tests/checks/interpreters.py)"; \
	if [ -z "$$newest" ]; then echo "==> no Python 3.12 or newer found: the newest ansible-core is not tried"; \
	else $(call environment,the newest ansible-core,"$$newest",$<); fi
endif

$(EDA)/ready: $(REQUIREMENTS)/eda.txt $(REQUIREMENTS)/playbooks.txt | $(BOOTSTRAP)/ready
	@$(call environment,ansible-rulebook,$(PYTHON),$<)

$(CONTRIBUTORS)/ready: $(REQUIREMENTS)/contributors.txt | $(BOOTSTRAP)/ready
	@$(call environment,nox and pre-commit,$(PYTHON),$<)

$(NODE)/ready: $(wildcard $(REQUIREMENTS)/node/*)
	@command -v npm >/dev/null || { $(call debian,npm); }
	@echo "==> $(@D): the checks that run on Node"
	@rm -rf $(@D) && mkdir -p $(@D)
	@cp $(REQUIREMENTS)/node/package*.json $(@D)
	@cd $(@D) && npm ci --silent --no-audit --no-fund
	@ln -s node_modules/.bin $(@D)/bin
	@touch $@

$(BOOTSTRAP)/ready:
	@echo "==> $(@D): pip and uv"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ansible-core needs Python 3.11 or newer; name one: make PYTHON=python3.12 ...")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(call debian,python3-venv); }
	@$(PYTHON) -m venv --clear $(@D)
	@$(BOOTSTRAP)/bin/pip install --quiet --upgrade pip uv
	@touch $@

# $(1): packages that a plain Debian has not
define debian
if [ "$$(id -u)" = 0 ]; then echo "==> installing Debian's $(1)"; apt-get update -qq; apt-get install -qq -y $(1); \
else echo "Debian's $(1) is missing: apt-get install $(1)" >&2; exit 1; fi
endef
